-- The rest of what moves a balance beside charges.
alter table ledger_entry drop constraint ledger_entry_kind_check;
alter table ledger_entry add constraint ledger_entry_kind_check
    check (kind in ('grant', 'adjustment', 'correction', 'top_up', 'redemption', 'payment',
                    'reversal', 'usage_summary'));
alter table ledger_entry add constraint ledger_entry_sign_check
    check ((kind not in ('top_up', 'redemption', 'payment') or amount > 0)
           and (kind not in ('reversal', 'usage_summary') or amount < 0));
