import { zodResolver } from "@hookform/resolvers/zod";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { accountQuery, keys } from "@/api/queries";
import type { Tier, Token, TokenList } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { formatMoney } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Sheet } from "@/ui/sheet";

import { AddressesField } from "./addresses-field";
import { BatchPanel } from "./batch-panel";
import { RevealPanel } from "./reveal-panel";
import { AdvancedFields } from "./token-advanced";
import { ExpirationField, ModelsField, QuotaField } from "./token-fields";
import { emptyValues, hasAdvanced, tokenSchema, valuesOf, type TokenValues } from "./token-values";
import { useFieldError } from "./use-field-error";
import { useSaveToken, type Created } from "./use-save-token";

interface TokenSheetProps {
  /** The token to edit; null makes a new one. */
  token: Token | null;
  /** What the address of the page fills in. */
  name?: string | undefined;
  models?: string[] | undefined;
  onClose: () => void;
}

/** The form at the edge of the page; after a new token it shows the secret, once. */
export function TokenSheet({ token, name = "", models = [], onClose }: TokenSheetProps) {
  const { t } = useTranslation();
  const [created, setCreated] = useState<Created | null>(null);
  const firstField = useRef<HTMLInputElement | null>(null);
  const { data: account, isPending } = useQuery(accountQuery);
  // An operator may have another account's token open, whose tier is another one.
  const tier = account && (!token || token.account_id === account.id) ? account.tier : null;
  if (created && "items" in created) return <BatchPanel created={created} onClose={onClose} />;
  if (created) return <RevealPanel created={created} onClose={onClose} />;
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={token ? t("tokenForm.editTitle", { name: token.name }) : t("tokenForm.addTitle")}
      closeLabel={t("common.close")}
      initialFocus={firstField}
    >
      {isPending ? (
        <span className="skeleton m-5 block h-5 w-40" />
      ) : (
        <TokenForm
          token={token}
          tier={tier}
          initial={token ? valuesOf(token) : emptyValues(name, models, tier)}
          firstField={firstField}
          onCreated={setCreated}
          onClose={onClose}
        />
      )}
    </Sheet>
  );
}

interface TokenFormProps {
  token: Token | null;
  /** Of the token's account; null where it is not known. */
  tier: Tier | null;
  initial: TokenValues;
  firstField: React.RefObject<HTMLInputElement | null>;
  onCreated: (created: Created) => void;
  onClose: () => void;
}

function TokenForm({ token, tier, initial, firstField, onCreated, onClose }: TokenFormProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const [before] = useState(initial);
  const form = useForm<TokenValues>({ resolver: zodResolver(tokenSchema), defaultValues: before });
  const { control, register, handleSubmit, formState } = form;
  const save = useSaveToken(token, before, onCreated, onClose);
  const isTaken = useIsNameTaken(useWatch({ control, name: "name" }), token);
  const nameField = register("name");

  return (
    <form
      noValidate
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}
    >
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <Field
          label={t("tokenForm.name")}
          help={t("tokenForm.nameHelp")}
          warning={isTaken && t("tokenForm.nameDuplicate")}
          error={errorText(formState.errors.name?.message)}
        >
          {(field) => (
            <Input
              {...field}
              autoComplete="off"
              placeholder={t("tokenForm.namePlaceholder")}
              {...nameField}
              ref={(element) => {
                nameField.ref(element);
                firstField.current = element;
              }}
            />
          )}
        </Field>
        <ExpirationField
          control={control}
          errors={formState.errors}
          tier={tier}
          kept={token ? before.lifetime : undefined}
        />
        <QuotaField
          control={control}
          errors={formState.errors}
          used={token ? formatMoney(token.used_quota) : null}
        />
        <ModelsField control={control} errors={formState.errors} tier={tier} />
        <AddressesField control={control} errors={formState.errors} />
        <AdvancedFields
          control={control}
          register={register}
          errors={formState.errors}
          isOpen={hasAdvanced(before)}
          isNew={token === null}
          tier={tier}
        />
        {save.error && <ErrorNote error={save.error} />}
      </div>
      <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" variant="primary" isBusy={save.isPending}>
          {t("tokenForm.submit")}
        </Button>
      </footer>
    </form>
  );
}

/** Whether another token in sight has the same name; allowed, but worth a word. */
function useIsNameTaken(name: string, token: Token | null): boolean {
  const queryClient = useQueryClient();
  const lists = queryClient.getQueriesData<TokenList>({ queryKey: [...keys.tokens, "list"] });
  const wanted = name.trim();
  return lists.some(([, list]) =>
    list?.items.some((other) => other.id !== token?.id && other.name === wanted),
  );
}
