import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useRef, type ReactNode } from "react";

import { Button } from "./button";

interface ConfirmProps {
  isOpen: boolean;
  onCancel: () => void;
  onConfirm: () => void;
  title: string;
  description: ReactNode;
  children?: ReactNode;
  confirmLabel: string;
  cancelLabel: string;
  tone?: "danger" | "primary";
  isBusy?: boolean;
  /** It cannot be done, as the description says. */
  isImpossible?: boolean;
}

/** Asks before what cannot be undone. The safe answer has the focus. */
export function Confirm({
  isOpen,
  onCancel,
  onConfirm,
  title,
  description,
  children,
  confirmLabel,
  cancelLabel,
  tone = "danger",
  isBusy = false,
  isImpossible = false,
}: ConfirmProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => !open && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fading fixed inset-0 z-40 bg-scrim" />
        <AlertDialog.Viewport className="fixed inset-0 z-40 flex items-center justify-center p-4">
          <AlertDialog.Popup
            initialFocus={cancel}
            className="floating w-full max-w-[420px] rounded-panel border border-line-strong bg-surface p-5 shadow-floating outline-none"
          >
            <AlertDialog.Title className="text-lead font-semibold break-words">
              {title}
            </AlertDialog.Title>
            <AlertDialog.Description
              render={<div />}
              className="mt-2 flex flex-col gap-2 text-muted"
            >
              {description}
            </AlertDialog.Description>
            {children}
            <div className="mt-5 flex justify-end gap-2">
              <Button ref={cancel} onClick={onCancel}>
                {cancelLabel}
              </Button>
              <Button variant={tone} onClick={onConfirm} isBusy={isBusy} disabled={isImpossible}>
                {confirmLabel}
              </Button>
            </div>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
