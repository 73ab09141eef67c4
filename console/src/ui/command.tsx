import { Dialog } from "@base-ui/react/dialog";
import { Command } from "cmdk";
import type { ReactNode } from "react";

interface CommandDialogProps {
  isOpen: boolean;
  onClose: () => void;
  /** What it is, for those who do not see it. */
  label: string;
  placeholder: string;
  emptyLabel: string;
  typed: string;
  onType: (typed: string) => void;
  /** Says how to move and choose. */
  foot: ReactNode;
  children: ReactNode;
}

/** One field that finds everything: what fits is listed below it, and Enter takes it. */
export function CommandDialog({
  isOpen,
  onClose,
  label,
  placeholder,
  emptyLabel,
  typed,
  onType,
  foot,
  children,
}: CommandDialogProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fading fixed inset-0 z-40 bg-scrim" />
        <Dialog.Viewport className="fixed inset-0 z-40 flex items-start justify-center p-4 table:pt-[14vh]">
          <Dialog.Popup
            aria-label={label}
            className="floating w-full max-w-[560px] overflow-hidden rounded-panel border border-line-strong bg-surface shadow-floating outline-none"
          >
            <Command label={label} loop>
              <Command.Input
                value={typed}
                onValueChange={onType}
                placeholder={placeholder}
                className="h-12 w-full border-b border-line bg-transparent px-4 text-lead outline-none"
              />
              <Command.List
                label={label}
                className="max-h-[min(380px,60dvh)] overflow-y-auto overscroll-contain p-1.5"
              >
                <Command.Empty className="px-3 py-6 text-center text-muted">
                  {emptyLabel}
                </Command.Empty>
                {children}
              </Command.List>
              <div className="hidden h-9 items-center gap-4 border-t border-line px-4 text-meta text-muted table:flex">
                {foot}
              </div>
            </Command>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

export function CommandGroup({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="pb-1 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-meta [&_[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Command.Group>
  );
}

interface CommandItemProps {
  /** Unique in the list. */
  value: string;
  /** Other words by which it is found. */
  keywords?: string[];
  onSelect: () => void;
  icon?: ReactNode;
  /** Stands at the end of the line: a key, or what kind of thing it is. */
  aside?: ReactNode;
  children: ReactNode;
}

export function CommandItem({
  value,
  keywords = [],
  onSelect,
  icon,
  aside,
  children,
}: CommandItemProps) {
  return (
    <Command.Item
      value={value}
      keywords={keywords}
      onSelect={onSelect}
      className="flex h-9 cursor-default items-center gap-2.5 rounded-control px-2.5 select-none data-[selected=true]:bg-sunken"
    >
      <span className="flex size-4 shrink-0 items-center justify-center text-muted">{icon}</span>
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {aside && <span className="flex shrink-0 gap-1 text-meta text-muted">{aside}</span>}
    </Command.Item>
  );
}
