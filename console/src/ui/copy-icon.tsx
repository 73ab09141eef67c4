import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

import { copyText } from "@/lib/clipboard";

import { IconButton } from "./button";

interface CopyIconProps {
  text: string;
  /** Its accessible name, which stays the same after the copy. */
  label: string;
  copiedLabel: string;
}

const told_ms = 2000;

/** Copies what stands beside it; for lists, where a word on each button would be too many. */
export function CopyIcon({ text, label, copiedLabel }: CopyIconProps) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), told_ms);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const Icon = isCopied ? Check : Copy;
  return (
    <>
      <IconButton
        size="small"
        label={label}
        icon={<Icon size={14} strokeWidth={1.75} aria-hidden />}
        onClick={() => void copyText(text).then((isDone) => isDone && setCopied(true))}
      />
      <span role="status" className="sr-only">
        {isCopied ? copiedLabel : ""}
      </span>
    </>
  );
}
