import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode, RefObject } from "react";

import { cx } from "@/lib/cx";

interface SheetProps {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  closeLabel: string;
  side?: "right" | "left";
  initialFocus?: RefObject<HTMLElement | null> | undefined;
  children: ReactNode;
}

/** A panel at the edge: 480 px, the whole screen on a phone. Its children scroll, its head stays. */
export function Sheet({
  isOpen,
  onClose,
  title,
  closeLabel,
  side = "right",
  initialFocus,
  children,
}: SheetProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fading fixed inset-0 z-30 bg-scrim" />
        <Dialog.Popup
          initialFocus={initialFocus}
          className={cx(
            "sheet-motion fixed inset-y-0 z-30 flex flex-col bg-bg shadow-floating outline-none",
            side === "right"
              ? "right-0 w-full border-line-strong table:w-[480px] table:border-l"
              : "left-0 w-[264px] border-r border-line-strong",
          )}
        >
          <header className="flex h-14 shrink-0 items-center justify-between gap-4 border-b border-line pr-3 pl-5">
            <Dialog.Title className="truncate text-title font-semibold tracking-[-0.01em]">
              {title}
            </Dialog.Title>
            <Dialog.Close
              aria-label={closeLabel}
              className="inline-flex size-8 items-center justify-center rounded-control text-muted transition-colors hover:bg-sunken hover:text-ink"
            >
              <X size={16} strokeWidth={1.75} aria-hidden />
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
