import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface TextLinkProps {
  to: "/sign-in" | "/register" | "/reset";
  children: ReactNode;
}

/** A way to another page without the menu. */
export function TextLink({ to, children }: TextLinkProps) {
  return (
    <Link to={to} className="self-start font-medium text-accent underline">
      {children}
    </Link>
  );
}
