import { useNavigate } from "@tanstack/react-router";
import { ChartNoAxesColumn, Ellipsis, Pencil, RotateCw, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";

interface TokenMenuProps {
  token: Token;
  /** On the token's own page there is no way to it. */
  isOnItsPage?: boolean;
  onEdit: () => void;
  onRotate: () => void;
  onDelete: () => void;
}

export function TokenMenu({
  token,
  isOnItsPage = false,
  onEdit,
  onRotate,
  onDelete,
}: TokenMenuProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Menu
      trigger={
        <IconButton
          label={t("tokens.menu", { name: token.name })}
          size={isOnItsPage ? "medium" : "small"}
          icon={<Ellipsis size={16} strokeWidth={1.75} aria-hidden />}
        />
      }
    >
      <MenuItem
        onSelect={onEdit}
        icon={<Pencil size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
      >
        {t("tokens.edit")}
      </MenuItem>
      {!isOnItsPage && (
        <MenuItem
          onSelect={() => void navigate({ to: "/tokens/$id", params: { id: token.id } })}
          icon={
            <ChartNoAxesColumn size={16} strokeWidth={1.75} aria-hidden className="text-muted" />
          }
        >
          {t("tokens.details")}
        </MenuItem>
      )}
      <MenuItem
        onSelect={onRotate}
        icon={<RotateCw size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
      >
        {t("tokens.rotate")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem
        onSelect={onDelete}
        tone="danger"
        icon={<Trash2 size={16} strokeWidth={1.75} aria-hidden />}
      >
        {t("tokens.delete")}
      </MenuItem>
    </Menu>
  );
}
