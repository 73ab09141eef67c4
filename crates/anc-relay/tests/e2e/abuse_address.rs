//! Who somebody says to be, and from where: ABUSE A1 to A5.

use anc_testkit::{Answer, RawConnection};
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, chat};

const CHAT: &str = "/v1/chat/completions";

async fn ask(world: &World, token: &str, headers: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut all = vec![("authorization", bearer.as_str())];
    all.extend(headers);
    world.client.call_with(Method::POST, CHAT, &all, &chat(false)).await
}

fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.header("x-relay-error"))
}

const DENIED: (u16, &str) = (403, "ip_not_allowed");
const SERVED: (u16, &str) = (200, "");

#[tokio::test]
async fn a1_a_forwarding_header_from_a_stranger_moves_nobody() {
    let world = World::new("20").await;
    let inside = world.relay.create_token("inside", &["--ip", "10.0.0.0/8"]);
    let here = world.relay.create_token("here", &["--ip", "127.0.0.1"]);
    for name in
        ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "via"]
    {
        let value = if name == "forwarded" { "for=10.0.0.1" } else { "10.0.0.1" };
        let answer = ask(&world, &inside, &[(name, value)]).await;
        assert_eq!(outcome(&answer), DENIED, "{name}");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("127.0.0.1"));
        assert_eq!(outcome(&ask(&world, &here, &[(name, value)]).await), SERVED, "{name}");
    }
    let sent = world.upstream.requests();
    assert!(sent.iter().all(|request| request.header("x-forwarded-for").is_empty()));
}

#[tokio::test]
async fn a1_behind_a_trusted_proxy_the_first_stranger_from_the_right_is_the_client() {
    let settings = [("ANC_TRUSTED_PROXIES", r#"["127.0.0.1", "10.1.0.0/16"]"#)];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("office", &["--ip", "203.0.113.9"]);
    for (forwarded, expected) in [
        ("203.0.113.9", SERVED),
        ("203.0.113.9, 10.1.2.3", SERVED),
        // What stands left of the client, the client wrote itself.
        ("203.0.113.9, 198.51.100.7", DENIED),
        ("203.0.113.9, 198.51.100.7, 10.1.2.3", DENIED),
        ("198.51.100.7, 203.0.113.9", SERVED),
    ] {
        let answer = ask(&world, &token, &[("x-forwarded-for", forwarded)]).await;
        assert_eq!(outcome(&answer), expected, "{forwarded}");
    }
    // Other headers are not the one that is believed, from a proxy neither.
    let answer = ask(&world, &token, &[("forwarded", "for=203.0.113.9")]).await;
    assert_eq!(outcome(&answer), DENIED);
    let answer = ask(&world, &token, &[("x-real-ip", "203.0.113.9")]).await;
    assert_eq!(outcome(&answer), DENIED);
}

#[tokio::test]
async fn a2_a_forwarding_header_is_walked_within_bounds_or_not_believed() {
    let settings = [("ANC_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)];
    let world = World::with_settings("20", &settings).await;
    // Allowed from the proxy itself as well: a header that cannot be read must not help.
    let token = world.relay.create_token("office", &["--ip", "203.0.113.9,127.0.0.1,2001:db8::1"]);
    let open = world.relay.create_token("open", &[]);
    let entries = |count: usize| vec!["203.0.113.9"; count].join(",");
    let (fits, too_many, too_long) =
        (entries(32), entries(33), format!("198.51.100.7{},203.0.113.9", " ".repeat(2_100)));
    for (headers, expected) in [
        (vec![fits.as_str()], SERVED),
        (vec![too_many.as_str()], DENIED),
        (vec![too_long.as_str()], DENIED),
        (vec!["198.51.100.7", "203.0.113.9"], SERVED),
        (vec!["203.0.113.9", "198.51.100.7"], DENIED),
        (vec!["203.0.113.9:4711"], SERVED),
        (vec!["[2001:db8::1]:4711"], SERVED),
        (vec!["[2001:db8::1]"], SERVED),
        (vec!["2001:db8::1"], SERVED),
        (vec!["junk, 203.0.113.9"], SERVED),
        (vec!["203.0.113.9, junk"], DENIED),
        (vec!["203.0.113.9,"], DENIED),
        (vec![""], DENIED),
        (vec!["unknown"], DENIED),
        (vec!["203.0.113.9:99999"], DENIED),
        (vec!["fe80::1%eth0"], DENIED),
        (vec!["203.0.113.09"], DENIED),
        (vec!["0xcb.0.113.9"], DENIED),
        (vec!["3405803785"], DENIED),
    ] {
        let pairs: Vec<_> = headers.iter().map(|value| ("x-forwarded-for", *value)).collect();
        assert_eq!(outcome(&ask(&world, &token, &pairs).await), expected, "{headers:?}");
        // A token without an IP restriction does not care.
        assert_eq!(outcome(&ask(&world, &open, &pairs).await), SERVED, "{headers:?}");
    }
    // Ten thousand entries are more than a head may have.
    let bomb = entries(10_000);
    let answer = ask(&world, &token, &[("x-forwarded-for", &bomb)]).await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn a3_one_address_counts_the_same_in_every_spelling_and_no_other_does() {
    let settings = [("ANC_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)];
    let world = World::with_settings("20", &settings).await;
    let token = |name: &str, rules: &str| world.relay.create_token(name, &["--ip", rules]);
    let v4 = token("v4", "203.0.113.9/32");
    let mapped = token("mapped", "::ffff:203.0.113.9");
    let all_v6 = token("all-v6", "::/0");
    let both = token("both", "::/0,0.0.0.0/0");
    for (address, v4_allows, all_v6_allows) in [
        ("203.0.113.9", true, false),
        ("::ffff:203.0.113.9", true, false),
        ("::ffff:cb00:7109", true, false),
        ("0:0:0:0:0:ffff:203.0.113.9", true, false),
        ("203.0.113.10", false, false),
        // Addresses of translators and tunnels are the translator's word, not the IPv4 host's:
        // anybody can send from 2002::/16.
        ("64:ff9b::203.0.113.9", false, true),
        ("2002:cb00:7109::1", false, true),
        ("::203.0.113.9", false, true),
        ("2001:db8::1", false, true),
    ] {
        let seen = async |token: &str| {
            outcome(&ask(&world, token, &[("x-forwarded-for", address)]).await) == SERVED
        };
        assert_eq!(seen(&v4).await, v4_allows, "{address}");
        assert_eq!(seen(&mapped).await, v4_allows, "{address}");
        assert_eq!(seen(&all_v6).await, all_v6_allows, "{address}");
        assert!(seen(&both).await, "{address}");
    }
}

#[tokio::test]
async fn a3_a_peer_on_a_socket_of_ipv6_counts_as_the_ipv4_address_that_it_has() {
    let settings = [("ANC_LISTEN", "[::ffff:127.0.0.1]:0")];
    let world = World::with_settings("20", &settings).await;
    let port = world.relay.base_url().rsplit_once(':').unwrap().1.to_owned();
    let client = anc_testkit::Client::new(format!("http://127.0.0.1:{port}"));
    for (name, rules, status) in [("v4", "127.0.0.1", 200), ("v6", "::/0", 403)] {
        let token = world.relay.create_token(name, &["--ip", rules]);
        assert_eq!(client.post(CHAT, &token, &chat(false)).await.status, status, "{rules}");
    }
}

#[tokio::test]
async fn a4_an_address_rule_is_read_strictly_when_it_is_saved() {
    let world = World::new("20").await;
    let account = anc_testkit::OWNER_EMAIL;
    let create = |rules: Value| {
        let body = json!({"name": "t", "account": account, "ip_rules": rules});
        world.relay.control(&Method::POST, "/tokens", &body)
    };
    for text in [
        "10.0.0.0/33",
        "010.0.0.1",
        "10.0.0.08",
        "10.1",
        "10",
        "0x0a.0.0.1",
        "167772161",
        "",
        " ",
        " 10.0.0.1",
        "10.0.0.1 ",
        "10.0.0.1\r\n",
        "10.0.0.1\n10.0.0.2",
        "10.0.0.1,10.0.0.2",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1-10.0.0.9",
        "fe80::1%eth0",
        "[::1]",
        "2001:db8::/129",
        "localhost",
        "*",
    ] {
        let answer = create(json!([text]));
        assert_eq!(answer["error"]["code"], "invalid_request", "{text:?}: {answer}");
        assert_eq!(answer["error"]["field"], "ip_rules", "{text:?}: {answer}");
    }
    for (text, suggestion) in [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("1.2.3.4/0", "0.0.0.0/0"),
        ("2001:db8::1/32", "2001:db8::/32"),
    ] {
        let answer = create(json!([text]));
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(suggestion), "{text}: {answer}");
    }
    // One bad rule spoils the list, rather than being left out of it.
    assert_eq!(create(json!(["10.0.0.1", "junk"]))["error"]["field"], "ip_rules");
    let kept = create(json!(["10.0.0.1", "2001:db8::/32", "::ffff:1.2.3.4"]));
    assert!(kept.get("error").is_none(), "{kept}");
}

#[tokio::test]
async fn a4_a_list_that_cannot_be_read_denies() {
    let mut world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--ip", "127.0.0.1"]);
    assert_eq!(outcome(&ask(&world, &token, &[]).await), SERVED);
    world.relay.stop();
    let database = world.relay.data_path().join("relay.db");
    for spoiled in ["junk", "[\"127.0.0.1/99\"]", "[\"127.0.0.1\"", "{}"] {
        anc_testkit::sqlite(&database, &format!("update api_token set ip_rules = '{spoiled}'"))
            .await;
        world.relay.start_again();
        world.client = world.relay.client();
        let answer = ask(&world, &token, &[]).await;
        assert!(!answer.status.is_success(), "{spoiled}: {:?}", answer.json());
        world.relay.stop();
    }
}

#[tokio::test]
async fn a5_the_proxy_protocol_is_not_spoken_and_moves_nobody() {
    let settings = [("ANC_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)];
    let world = World::with_settings("20", &settings).await;
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let first = format!("PROXY TCP4 10.0.0.1 127.0.0.1 4711 80\r\n{request}");
    let mut second = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c".to_vec();
    second.extend([10, 0, 0, 1, 127, 0, 0, 1, 0x12, 0x67, 0, 80]);
    second.extend(request.as_bytes());
    for preamble in [first.into_bytes(), second] {
        let mut connection = RawConnection::open(world.relay.base_url()).await;
        assert!(connection.send(&preamble).await);
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}
