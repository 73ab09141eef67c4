-- Requests that did not end well, which are few: of everybody, and of an account.
create index usage_by_end on usage (end_reason, seq) where end_reason <> 'complete';
create index usage_of_account_by_end on usage (account_id, end_reason, seq)
    where end_reason <> 'complete';

-- With which of an account's tokens a model was called.
create index usage_hourly_by_model on usage_hourly (account_id, model, token_id);

-- Statements and spending read an account's hours where they are summed up.
drop index usage_hourly_by_account;
