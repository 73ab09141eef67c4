interface BrandProps {
  name: string;
  isMarkOnly?: boolean;
}

/** The mark is a needle on its gauge, drawn as an A. */
export function Brand({ name, isMarkOnly = false }: BrandProps) {
  return (
    <span className="flex items-center gap-2.5 font-semibold tracking-[-0.01em]">
      <svg viewBox="0 0 24 24" className="size-6 shrink-0 text-accent" fill="none" aria-hidden>
        <rect width="24" height="24" rx="5.5" fill="currentColor" />
        <path
          d="M5.2 17 10 7.2h4L18.8 17M8.3 13.2h7.4"
          className="stroke-on-accent"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <span className={isMarkOnly ? "sr-only" : undefined}>{name}</span>
    </span>
  );
}
