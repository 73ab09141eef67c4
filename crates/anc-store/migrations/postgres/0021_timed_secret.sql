-- Beside its own secret a token may have others for a while: those that were rotated away, and those
-- that a person's playground works with.

alter table api_token_old_secret rename to api_token_timed_secret;

alter table api_token_timed_secret add column kind text not null default 'rotated'
    check (kind in ('rotated', 'playground'));

alter index api_token_old_secret_by_token rename to api_token_timed_secret_by_token;
