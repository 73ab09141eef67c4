import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery } from "@/api/queries";
import { IconButton } from "@/ui/button";
import { Sheet } from "@/ui/sheet";

import { AlertBell } from "./alert-bell";
import { BalanceFigure, BalanceLine } from "./balance";
import { Brand } from "./brand";
import { MainNav } from "./main-nav";
import { Overlays, PaletteButton, PaletteIcon } from "./overlays";
import { ProfileMenu } from "./profile-menu";

/** The frame of every page behind the sign-in: menu at the left, drawer on a phone. */
export function AppShell() {
  const { t } = useTranslation();
  return (
    <div className="min-h-dvh table:grid table:grid-cols-[56px_minmax(0,1fr)] menu:grid-cols-[232px_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-50 rounded-control bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        {t("common.skipToContent")}
      </a>
      <SideBar />
      <TopBar />
      <div className="min-w-0">
        <InsecureBanner />
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto w-full max-w-[1244px] px-4 py-6 outline-none table:px-8 table:py-8"
        >
          <Outlet />
        </main>
      </div>
      <Overlays />
    </div>
  );
}

function SideBar() {
  const { t } = useTranslation();
  return (
    <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-sunken table:flex">
      <div className="flex h-16 items-center px-4 menu:px-5">
        <span className="menu:hidden">
          <Brand name={t("common.product")} isMarkOnly />
        </span>
        <span className="hidden menu:block">
          <Brand name={t("common.product")} />
        </span>
      </div>
      <PaletteButton />
      <MainNav canCollapse />
      <div className="flex-1" />
      <div className="hidden px-5 pb-3 menu:block">
        <BalanceFigure />
      </div>
      <div className="flex flex-col items-center gap-1 border-t border-line p-2 menu:flex-row">
        <div className="min-w-0 menu:flex-1">
          <ProfileMenu canCollapse />
        </div>
        <AlertBell side="right" />
      </div>
    </aside>
  );
}

function TopBar() {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // The drawer belongs to the page on which it was opened: choosing another closes it.
  const [openedOn, setOpenedOn] = useState<string | null>(null);

  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-line bg-sunken px-2 table:hidden">
      <IconButton
        label={t("nav.open")}
        icon={<MenuIcon size={18} strokeWidth={1.75} aria-hidden />}
        onClick={() => setOpenedOn(path)}
      />
      <Brand name={t("common.product")} />
      <div className="flex-1" />
      <BalanceLine />
      <AlertBell side="bottom" />
      <PaletteIcon />
      <Sheet
        isOpen={openedOn === path}
        onClose={() => setOpenedOn(null)}
        side="left"
        title={<Brand name={t("common.product")} />}
        closeLabel={t("common.close")}
      >
        <div className="flex flex-1 flex-col pt-3">
          <MainNav />
          <div className="flex-1" />
          <div className="px-5 pb-3">
            <BalanceFigure />
          </div>
          <div className="border-t border-line p-2">
            <ProfileMenu />
          </div>
        </div>
      </Sheet>
    </header>
  );
}

function InsecureBanner() {
  const { t } = useTranslation();
  const { data } = useQuery(instanceQuery);
  const isPlain = window.location.protocol === "http:";
  const isLoopback = /^(localhost|127\.|\[::1\])/.test(window.location.hostname);
  if (!data?.insecure_http || !isPlain || isLoopback) return null;
  return (
    <p role="status" className="bg-warn-soft px-4 py-2 text-head table:px-8">
      {t("nav.insecure")}
    </p>
  );
}
