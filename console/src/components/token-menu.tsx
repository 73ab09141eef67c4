import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { IconButton } from "@/ui/button";

interface TokenMenuProps {
  token: Token;
  onEdit: () => void;
  onDelete: () => void;
}

export function TokenMenu({ token, onEdit, onDelete }: TokenMenuProps) {
  const { t } = useTranslation();
  return (
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
