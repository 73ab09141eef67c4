import { Dialog as Base } from "@base-ui/react/dialog";
import type { FormEvent, ReactNode } from "react";

import { Button } from "./button";

interface FormDialogProps {
  onClose: () => void;
  onSubmit: () => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  submitLabel: string;
  cancelLabel: string;
  tone?: "danger" | "primary";
  isBusy?: boolean;
  /** Not enough was said yet to go on. */
  isIncomplete?: boolean;
}

/** A question with a field or two. The first of them has the focus. */
export function FormDialog({
  onClose,
  onSubmit,
  title,
  description,
  children,
  submitLabel,
  cancelLabel,
  tone = "primary",
  isBusy = false,
  isIncomplete = false,
}: FormDialogProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Portals keep React's tree: without this a form around the dialog would be sent as well.
    event.stopPropagation();
    if (!isBusy && !isIncomplete) onSubmit();
  };
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fading fixed inset-0 z-40 bg-scrim" />
        <Base.Viewport className="fixed inset-0 z-40 flex items-center justify-center overflow-y-auto p-4">
          <Base.Popup className="floating w-full max-w-[440px] rounded-panel border border-line-strong bg-surface p-5 shadow-floating outline-none">
            <form noValidate onSubmit={submit}>
              <Base.Title className="text-lead font-semibold break-words">{title}</Base.Title>
              {description && (
                <Base.Description render={<div />} className="mt-2 flex flex-col gap-2 text-muted">
                  {description}
                </Base.Description>
              )}
              <div className="mt-4 flex flex-col gap-4">{children}</div>
              <div className="mt-5 flex justify-end gap-2">
                <Button onClick={onClose}>{cancelLabel}</Button>
                <Button type="submit" variant={tone} isBusy={isBusy} disabled={isIncomplete}>
                  {submitLabel}
                </Button>
              </div>
            </form>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
