import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";

interface DialogProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  closeLabel: string;
  children: ReactNode;
}

export function Dialog({ isOpen, onClose, title, description, closeLabel, children }: DialogProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fading fixed inset-0 z-40 bg-scrim" />
        <Base.Viewport className="fixed inset-0 z-40 flex items-center justify-center p-4">
          <Base.Popup className="floating w-full max-w-[420px] rounded-panel border border-line-strong bg-surface p-5 shadow-floating outline-none">
            <div className="flex items-start justify-between gap-4">
              <div>
                <Base.Title className="text-lead font-semibold">{title}</Base.Title>
                {description && (
                  <Base.Description className="text-head text-muted">
                    {description}
                  </Base.Description>
                )}
              </div>
              <Base.Close
                aria-label={closeLabel}
                className="-mt-1 -mr-1 inline-flex size-8 items-center justify-center rounded-control text-muted transition-colors hover:bg-sunken hover:text-ink"
              >
                <X size={16} strokeWidth={1.75} aria-hidden />
              </Base.Close>
            </div>
            {children}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
