import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";

import { cx } from "@/lib/cx";

/** The one list of toasts, so that code outside of components can speak as well. */
export const toasts = Toast.createToastManager();

/** Long enough to read, decide and reach the button. */
const shown_ms = 8000;

interface ToastsProps {
  closeLabel: string;
  children: React.ReactNode;
}

export function ToastArea({ closeLabel, children }: ToastsProps) {
  return (
    <Toast.Provider toastManager={toasts} timeout={shown_ms} limit={4}>
      {children}
      <Toast.Portal>
        {/* Beside the sheets at the right edge, and on a phone above their feet: the buttons there
            must not be covered for as long as a toast is shown. */}
        <Toast.Viewport className="fixed inset-x-4 bottom-[76px] z-60 flex flex-col-reverse items-start gap-2 outline-none table:right-auto table:bottom-4 table:left-[88px] table:w-[320px] menu:left-[264px]">
          <ToastList closeLabel={closeLabel} />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList({ closeLabel }: { closeLabel: string }) {
  const { toasts: list } = Toast.useToastManager();
  return list.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection={["left", "down"]}
      className={cx(
        "floating w-full rounded-panel border bg-surface shadow-floating outline-none data-[limited]:hidden",
        toast.type === "error" ? "border-bad" : "border-line-strong",
      )}
    >
      <Toast.Content className="flex items-center gap-2 py-2 pr-2 pl-3.5">
        <div className="min-w-0 flex-1 py-1">
          <Toast.Title
            className={cx("font-medium break-words", toast.type === "error" && "text-bad")}
          />
          <Toast.Description className="text-head break-words text-muted" />
        </div>
        {toast.actionProps && (
          <Toast.Action className="h-7 shrink-0 rounded-control px-2 text-head font-medium text-accent transition-colors hover:bg-accent-soft" />
        )}
        <Toast.Close
          aria-label={closeLabel}
          className="inline-flex size-7 shrink-0 items-center justify-center self-start rounded-control text-muted transition-colors hover:bg-sunken hover:text-ink"
        >
          <X size={14} strokeWidth={1.75} aria-hidden />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
