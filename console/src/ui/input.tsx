import type { ComponentProps, ReactNode } from "react";

import { cx } from "@/lib/cx";

export const controlFrame =
  "rounded-control border border-control-line/60 bg-surface transition-colors hover:border-control-line";

interface InputProps extends ComponentProps<"input"> {
  lead?: ReactNode;
  trail?: ReactNode;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      className={cx(
        controlFrame,
        "w-full px-2.5 py-2 font-mono text-meta outline-offset-[-1px] focus-visible:border-accent focus-visible:outline-2 focus-visible:outline-accent",
        className,
      )}
      {...rest}
    />
  );
}

export function Input({ lead, trail, className, ...rest }: InputProps) {
  return (
    <div
      className={cx(
        controlFrame,
        "flex h-9 items-center gap-2 px-2.5 has-[:focus-visible]:border-accent has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent has-[:focus-visible]:-outline-offset-1 has-[[aria-invalid]]:border-bad has-[:disabled]:opacity-50",
        className,
      )}
    >
      {lead && (
        <span aria-hidden className="flex shrink-0 items-center text-muted">
          {lead}
        </span>
      )}
      <input className="h-full w-full min-w-0 bg-transparent outline-none" {...rest} />
      {trail}
    </div>
  );
}
