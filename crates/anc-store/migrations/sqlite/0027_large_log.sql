-- Requests that did not end well, which are few: of everybody, and of an account.
create index usage_by_end on usage (end_reason, seq) where end_reason <> 'complete';
create index usage_of_account_by_end on usage (account_id, end_reason, seq)
    where end_reason <> 'complete';
