export function Kbd({ children }: { children: string }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-[4px] border border-line-strong bg-sunken px-1 font-mono text-meta text-muted">
      {children}
    </kbd>
  );
}
