interface MethodPathProps {
  method: string;
  path: string;
}

/** "POST /v1/messages", as it is printed everywhere. */
export function MethodPath({ method, path }: MethodPathProps) {
  return (
    <span className="flex min-w-0 items-baseline gap-3 font-mono text-head">
      <span className="w-14 shrink-0 font-medium text-accent">{method}</span>
      <span className="min-w-0 break-words">{path}</span>
    </span>
  );
}
