import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

import { copyText } from "@/lib/clipboard";

import { Button, type ButtonProps } from "./button";

interface CopyButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  text: string;
  /** Its accessible name, which stays the same after the copy. */
  label: string;
  shownLabel: string;
  copiedLabel: string;
  onCopied?: () => void;
}

const told_ms = 2000;

export function CopyButton({
  text,
  label,
  shownLabel,
  copiedLabel,
  onCopied,
  ...rest
}: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), told_ms);
    return () => clearTimeout(timer);
  }, [isCopied]);

  const copy = async () => {
    if (!(await copyText(text))) return;
    setCopied(true);
    onCopied?.();
  };

  const Icon = isCopied ? Check : Copy;
  return (
    <>
      <Button
        aria-label={label}
        icon={<Icon size={14} strokeWidth={1.75} aria-hidden />}
        onClick={() => void copy()}
        {...rest}
      >
        {/* Both words lie in one cell, so that the button keeps its width. */}
        <span className="grid">
          <span
            className={isCopied ? "invisible col-start-1 row-start-1" : "col-start-1 row-start-1"}
          >
            {shownLabel}
          </span>
          <span
            className={isCopied ? "col-start-1 row-start-1" : "invisible col-start-1 row-start-1"}
          >
            {copiedLabel}
          </span>
        </span>
      </Button>
      <span role="status" className="sr-only">
        {isCopied ? copiedLabel : ""}
      </span>
    </>
  );
}
