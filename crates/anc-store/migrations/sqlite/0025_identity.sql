-- Signing in by a provider of identities (OpenID Connect, GitHub).

-- A person as a provider knows them. Whoever the provider says is this one signs in as the person.
create table identity (
    id integer primary key,
    user_id integer not null references app_user (id),
    -- the provider by its own address, so that another one under the same name is not taken for it
    issuer text not null,
    -- what the provider calls the person, for ever: never their address, which may pass to others
    subject text not null,
    -- how the provider named them when they last came, to be shown; says nothing of who they are
    label text not null,
    created_at integer not null,
    last_used_at integer,
    unique (issuer, subject),
    unique (user_id, issuer)
) strict;

-- A browser that was sent to a provider and is expected back. A row is removed when it comes.
create table provider_sign_in (
    -- SHA-256 of the state that the provider gives back
    hash blob primary key check (length(hash) = 32),
    -- SHA-256 of what the browser's cookie holds
    browser blob not null check (length(browser) = 32),
    -- the provider's name in the settings
    provider text not null,
    purpose text not null check (purpose in ('sign_in', 'connect', 'step_up')),
    -- who is signed in there, to connect the provider or to show anew who they are
    user_id integer references app_user (id),
    -- for a registration by invitation
    invitation_id integer references invitation (id),
    created_at integer not null,
    expires_at integer not null,
    check ((purpose = 'sign_in') = (user_id is null))
) strict;

create index provider_sign_in_by_end on provider_sign_in (expires_at);
