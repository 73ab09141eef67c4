import { useId, type ReactNode } from "react";

import { cx } from "@/lib/cx";

export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  label: ReactNode;
  help?: ReactNode;
  /** A sentence that asks for care but does not stop the form. */
  warning?: ReactNode;
  error?: string | undefined;
  aside?: ReactNode;
  children: (control: FieldControl) => ReactNode;
}

/** Label, control, and what is said about it, tied together for those who listen. */
export function Field({ label, help, warning, error, aside, children }: FieldProps) {
  const id = useId();
  const notes = { help: `${id}-help`, warning: `${id}-warning`, error: `${id}-error` };
  const described = [help && notes.help, warning && notes.warning, error && notes.error];
  const control: FieldControl = {
    id,
    "aria-describedby": described.filter(Boolean).join(" ") || undefined,
    "aria-invalid": error ? true : undefined,
  };
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex min-h-5 items-center justify-between gap-3">
        <label htmlFor={id} className="text-head font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children(control)}
      <Notes ids={notes} help={help} warning={warning} error={error} />
    </div>
  );
}

interface GroupProps extends Omit<FieldProps, "children"> {
  children: (control: { labelId: string; describedBy: string | undefined }) => ReactNode;
}

/** The same for controls of several parts, which a `label` cannot name. */
export function FieldGroup({ label, help, warning, error, aside, children }: GroupProps) {
  const id = useId();
  const notes = { help: `${id}-help`, warning: `${id}-warning`, error: `${id}-error` };
  const described = [help && notes.help, warning && notes.warning, error && notes.error];
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex min-h-5 items-center justify-between gap-3">
        <span id={`${id}-label`} className="text-head font-medium">
          {label}
        </span>
        {aside}
      </div>
      {children({
        labelId: `${id}-label`,
        describedBy: described.filter(Boolean).join(" ") || undefined,
      })}
      <Notes ids={notes} help={help} warning={warning} error={error} />
    </div>
  );
}

interface NotesProps extends Pick<FieldProps, "help" | "warning" | "error"> {
  ids: { help: string; warning: string; error: string };
}

function Notes({ ids, help, warning, error }: NotesProps) {
  const line = "text-meta";
  return (
    <>
      {help && (
        <p id={ids.help} className={cx(line, "text-muted")}>
          {help}
        </p>
      )}
      {warning && (
        <p id={ids.warning} className={cx(line, "text-warn")}>
          {warning}
        </p>
      )}
      {error && (
        <p id={ids.error} className={cx(line, "text-bad")} role="alert">
          {error}
        </p>
      )}
    </>
  );
}
