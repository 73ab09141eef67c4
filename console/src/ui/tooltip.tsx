import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";

import { cx } from "@/lib/cx";

interface TooltipProps {
  content: ReactNode;
  /** What it explains; must take focus, so that keyboards reach it too. */
  children: ReactElement;
  side?: "top" | "right" | "bottom";
  className?: string;
}

export function Tooltip({ content, children, side = "top", className }: TooltipProps) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-50">
          <Base.Popup
            className={cx(
              "floating max-w-80 rounded-control bg-ink px-2 py-1 text-meta text-bg shadow-floating",
              className,
            )}
          >
            {content}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export const TooltipProvider = Base.Provider;
