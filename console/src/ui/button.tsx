import type { ComponentProps, ReactNode } from "react";

import { cx } from "@/lib/cx";

const variants = {
  primary:
    "bg-accent text-on-accent hover:bg-accent-hover border border-transparent disabled:hover:bg-accent",
  secondary:
    "bg-surface text-ink border border-line-strong hover:bg-sunken disabled:hover:bg-surface",
  quiet: "text-muted hover:text-ink hover:bg-sunken border border-transparent",
  danger: "bg-bad text-on-bad hover:bg-bad-hover border border-transparent",
} as const;

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: keyof typeof variants;
  size?: "small" | "medium" | "large";
  icon?: ReactNode;
  /** Work goes on: the button stays in place, tells so, and takes no second press. */
  isBusy?: boolean;
}

const sizes = {
  small: "h-7 px-2 text-head gap-1.5",
  medium: "h-8 px-3 text-body gap-1.5",
  large: "h-10 px-4 text-body gap-2",
} as const;

/** How a button looks, for what is a link by its nature. */
export function buttonLook(
  variant: keyof typeof variants = "secondary",
  size: keyof typeof sizes = "medium",
): string {
  return cx(
    "inline-flex shrink-0 select-none items-center justify-center rounded-control font-medium whitespace-nowrap transition-colors disabled:opacity-50",
    sizes[size],
    variants[variant],
  );
}

export function Button({
  variant = "secondary",
  size = "medium",
  icon,
  isBusy = false,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
      className={cx(buttonLook(variant, size), isBusy && "opacity-70", className)}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  /** What it does, for those who do not see the icon. */
  label: string;
  icon: ReactNode;
}

export function IconButton({ label, icon, className, size = "medium", ...rest }: IconButtonProps) {
  return (
    <Button
      variant="quiet"
      size={size}
      aria-label={label}
      className={cx(size === "small" ? "w-7 px-0!" : "w-8 px-0!", className)}
      {...rest}
    >
      {icon}
    </Button>
  );
}
