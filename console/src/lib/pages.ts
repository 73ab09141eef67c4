import {
  Bell,
  BookOpen,
  Boxes,
  Gauge,
  ChartNoAxesColumn,
  History,
  KeyRound,
  MessagesSquare,
  Layers,
  LibraryBig,
  Settings,
  Tags,
  ScrollText,
  Ticket,
  UserRound,
  UsersRound,
  Wallet,
  Waypoints,
  type LucideIcon,
} from "lucide-react";

/** The console's pages: the menu, the palette and the keys all follow this list. */
export interface Page {
  to:
    | "/dashboard"
    | "/tokens"
    | "/usage"
    | "/models"
    | "/playground"
    | "/wallet"
    | "/docs"
    | "/channels"
    | "/prices"
    | "/redemption-codes"
    | "/alerts"
    | "/users"
    | "/audit"
    | "/tiers"
    | "/overview"
    | "/logs"
    | "/settings"
    | "/profile";
  label:
    | "nav.dashboard"
    | "nav.tokens"
    | "nav.usage"
    | "nav.models"
    | "nav.playground"
    | "nav.wallet"
    | "nav.docs"
    | "nav.channels"
    | "nav.prices"
    | "nav.codes"
    | "nav.alerts"
    | "nav.users"
    | "nav.audit"
    | "nav.tiers"
    | "nav.overview"
    | "nav.logs"
    | "nav.settings"
    | "nav.toProfile";
  icon: LucideIcon;
  /** What is pressed after `g`. */
  key: string;
  /** Where the menu has it; profile and alerts stand at its foot. */
  place: "user" | "operator" | "foot";
}

export const pages: readonly Page[] = [
  {
    to: "/dashboard",
    label: "nav.dashboard",
    icon: ChartNoAxesColumn,
    key: "d",
    place: "user",
  },
  { to: "/tokens", label: "nav.tokens", icon: KeyRound, key: "t", place: "user" },
  { to: "/usage", label: "nav.usage", icon: ScrollText, key: "l", place: "user" },
  { to: "/models", label: "nav.models", icon: Boxes, key: "m", place: "user" },
  {
    to: "/playground",
    label: "nav.playground",
    icon: MessagesSquare,
    key: "y",
    place: "user",
  },
  { to: "/wallet", label: "nav.wallet", icon: Wallet, key: "w", place: "user" },
  { to: "/docs", label: "nav.docs", icon: BookOpen, key: "h", place: "user" },
  { to: "/overview", label: "nav.overview", icon: Gauge, key: "x", place: "operator" },
  { to: "/users", label: "nav.users", icon: UsersRound, key: "u", place: "operator" },
  { to: "/tiers", label: "nav.tiers", icon: Layers, key: "v", place: "operator" },
  { to: "/channels", label: "nav.channels", icon: Waypoints, key: "c", place: "operator" },
  { to: "/prices", label: "nav.prices", icon: Tags, key: "b", place: "operator" },
  { to: "/redemption-codes", label: "nav.codes", icon: Ticket, key: "r", place: "operator" },
  { to: "/alerts", label: "nav.alerts", icon: Bell, key: "a", place: "foot" },
  { to: "/logs", label: "nav.logs", icon: LibraryBig, key: "o", place: "operator" },
  { to: "/audit", label: "nav.audit", icon: History, key: "i", place: "operator" },
  { to: "/settings", label: "nav.settings", icon: Settings, key: "s", place: "operator" },
  { to: "/profile", label: "nav.toProfile", icon: UserRound, key: "p", place: "foot" },
];

/** Those that somebody may open. */
export function pagesFor(isOperator: boolean): readonly Page[] {
  return pages.filter((page) => isOperator || page.place !== "operator");
}
