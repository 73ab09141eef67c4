import { useNavigate } from "@tanstack/react-router";
import { ChartNoAxesColumn, Ellipsis, Pencil, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { RotateToken } from "@/forms/rotate-token";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { IconButton } from "@/ui/button";

interface TokenMenuProps {
  token: Token;
  onEdit: () => void;
  onDelete: () => void;
}

export function TokenMenu({ token, onEdit, onDelete }: TokenMenuProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isRotating, setRotating] = useState(false);
  return (
    <>
      <Menu
        trigger={
          <IconButton
            label={t("tokens.menu", { name: token.name })}
            size="small"
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
        <MenuItem
          onSelect={() => void navigate({ to: "/tokens/$id", params: { id: token.id } })}
          icon={
            <ChartNoAxesColumn size={16} strokeWidth={1.75} aria-hidden className="text-muted" />
          }
        >
          {t("tokens.details")}
        </MenuItem>
        <MenuItem
          onSelect={() => setRotating(true)}
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
      {isRotating && <RotateToken token={token} onClose={() => setRotating(false)} />}
    </>
  );
}
