//! What mails say of an alert, in each language: subject and text.

use anc_domain::NanoUsd;
use anc_store::{AlertKind, AlertRecord};
use url::Url;

use super::AlertDetail;
use crate::mail::Language;

/// Digits behind the point that people are shown.
const DIGITS: usize = 4;

/// An amount for people: further digits are left out.
fn dollars(amount: Option<NanoUsd>) -> String {
    let text = amount.unwrap_or_default().to_string();
    let shown = match text.split_once('.') {
        None => format!("{text}.00"),
        Some((whole, digits)) => {
            let digits: String = digits.chars().take(DIGITS).collect();
            format!("{whole}.{digits:0<2}")
        }
    };
    match shown.strip_prefix('-') {
        Some(owed) => format!("-${owed}"),
        None => format!("${shown}"),
    }
}

fn text(word: Option<&String>) -> &str {
    word.map_or("", String::as_str)
}

/// Subject and text of the mail.
pub(super) fn mail_of(
    language: Language,
    alert: &AlertRecord,
    public_url: &Url,
) -> (String, String) {
    let detail = AlertDetail::from_text(&alert.detail);
    let base = public_url.as_str().trim_end_matches('/');
    match language {
        Language::English => {
            let (subject, said) = english(alert.kind, &detail);
            let foot =
                format!("Your alerts: {base}/alerts\nTurn kinds of them off: {base}/profile\n");
            (subject, format!("{said}\n\n{foot}"))
        }
        Language::Chinese => {
            let (subject, said) = chinese(alert.kind, &detail);
            let foot = format!("查看提醒：{base}/alerts\n关闭某类提醒：{base}/profile\n");
            (subject, format!("{said}\n\n{foot}"))
        }
    }
}

fn english(kind: AlertKind, of: &AlertDetail) -> (String, String) {
    let (token, channel) = (text(of.token_name.as_ref()), text(of.channel_name.as_ref()));
    let (used, limit) = (dollars(of.used), dollars(of.limit));
    let percent = of.percent.unwrap_or_default();
    let hour = text(of.hour.as_ref());
    let requests = of.requests.unwrap_or_default();
    match kind {
        AlertKind::LowBalance => (
            "Your balance is low".to_owned(),
            format!(
                "Your balance is {}, below {limit}. When nothing is left, your tokens stop working \
                 until you top up.",
                dollars(of.balance)
            ),
        ),
        AlertKind::TokenQuota => (
            format!("Token \"{token}\" has used {percent} % of its quota"),
            format!(
                "The token \"{token}\" has used {used} of its quota of {limit}. When all of it is \
                 used, it stops working until you raise its quota."
            ),
        ),
        AlertKind::TokenBudget => (
            format!("Token \"{token}\" has used {percent} % of its budget"),
            format!(
                "The token \"{token}\" has used {used} of its budget of {limit} per {}. The budget \
                 begins anew at {}.",
                text(of.period.as_ref()),
                text(of.resets_at.as_ref())
            ),
        ),
        AlertKind::TokenExpiry => (
            format!("Token \"{token}\" expires within {} day(s)", of.days.unwrap_or_default()),
            format!(
                "The token \"{token}\" stops working at {}. Edit its expiration to keep it.",
                text(of.expires_at.as_ref())
            ),
        ),
        AlertKind::UnusualSpend => (
            "Consumption out of the ordinary".to_owned(),
            format!(
                "Your account used {} in the hour from {hour}; such hours usually come to {}. If \
                 you do not know why, look at which token it was, and disable it.",
                dollars(of.spent),
                dollars(of.usual)
            ),
        ),
        AlertKind::NewNetwork => (
            format!("Token \"{token}\" was used from a new network"),
            format!(
                "The token \"{token}\" was used from {} (network {}), from where it never came \
                 before. If that was not you, disable or rotate it.",
                text(of.address.as_ref()),
                text(of.network.as_ref())
            ),
        ),
        AlertKind::SuspectUsage => (
            format!("Channel \"{channel}\" reported usage that cannot be"),
            format!(
                "In the hour from {hour}, the provider of the channel \"{channel}\" reported usage \
                 of {requests} request(s) or more that cannot be. They were charged by the relay's \
                 own count and are marked suspect."
            ),
        ),
        AlertKind::ChannelFailing => (
            format!("Most requests to channel \"{channel}\" fail"),
            format!(
                "Of the last {requests} requests to the channel \"{channel}\" within ten minutes, \
                 {} failed.",
                of.failed.unwrap_or_default()
            ),
        ),
    }
}

fn chinese(kind: AlertKind, of: &AlertDetail) -> (String, String) {
    let (token, channel) = (text(of.token_name.as_ref()), text(of.channel_name.as_ref()));
    let (used, limit) = (dollars(of.used), dollars(of.limit));
    let percent = of.percent.unwrap_or_default();
    let hour = text(of.hour.as_ref());
    let requests = of.requests.unwrap_or_default();
    match kind {
        AlertKind::LowBalance => (
            "余额不足提醒".to_owned(),
            format!(
                "您的余额为 {}，低于 {limit}。余额用完后，您的令牌将停止工作，直到充值为止。",
                dollars(of.balance)
            ),
        ),
        AlertKind::TokenQuota => (
            format!("令牌“{token}”已用额度 {percent}%"),
            format!(
                "令牌“{token}”已使用 {used}，总额度为 {limit}。额度用完后该令牌将停止工作，直到您提高额度。"
            ),
        ),
        AlertKind::TokenBudget => {
            let period = match text(of.period.as_ref()) {
                "day" => "每日",
                "week" => "每周",
                _ => "每月",
            };
            (
                format!("令牌“{token}”已用{period}预算 {percent}%"),
                format!(
                    "令牌“{token}”已使用 {used}，{period}预算为 {limit}。预算将于 {} 重新计算。",
                    text(of.resets_at.as_ref())
                ),
            )
        }
        AlertKind::TokenExpiry => (
            format!("令牌“{token}”将在 {} 天内过期", of.days.unwrap_or_default()),
            format!(
                "令牌“{token}”将于 {} 失效。如需继续使用，请修改其过期时间。",
                text(of.expires_at.as_ref())
            ),
        ),
        AlertKind::UnusualSpend => (
            "消费异常提醒".to_owned(),
            format!(
                "您的账户在 {hour} 开始的一小时内消费了 {}，同类时段通常为 {}。如果您不清楚原因，请查看是哪个令牌\
                 并将其禁用。",
                dollars(of.spent),
                dollars(of.usual)
            ),
        ),
        AlertKind::NewNetwork => (
            format!("令牌“{token}”在新网络中使用"),
            format!(
                "令牌“{token}”从 {}（网络 {}）发起了请求，此前从未在该网络使用过。如果不是您本人，请禁用或轮换该令牌。",
                text(of.address.as_ref()),
                text(of.network.as_ref())
            ),
        ),
        AlertKind::SuspectUsage => (
            format!("渠道“{channel}”上报的用量不可信"),
            format!(
                "在 {hour} 开始的一小时内，渠道“{channel}”的提供商至少对 {requests} 个请求上报了不可能的用量。\
                 这些请求已按本系统自己的计数计费，并标记为可疑。"
            ),
        ),
        AlertKind::ChannelFailing => (
            format!("渠道“{channel}”的多数请求失败"),
            format!(
                "最近十分钟内发往渠道“{channel}”的 {requests} 个请求中，有 {} 个失败。",
                of.failed.unwrap_or_default()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::{AlertId, UnixMillis};

    use super::*;

    #[test]
    fn amounts_are_for_people() {
        let shown = |text: &str| dollars(Some(text.parse().unwrap()));
        assert_eq!(shown("5"), "$5.00");
        assert_eq!(shown("4.5"), "$4.50");
        assert_eq!(shown("4.987654321"), "$4.9876");
        assert_eq!(shown("-0.25"), "-$0.25");
    }

    #[test]
    fn every_kind_has_its_words_in_both_languages() {
        let url: Url = "https://relay.example.com/".parse().unwrap();
        for kind in AlertKind::ALL {
            let detail = AlertDetail {
                token_name: Some("ci".into()),
                channel_name: Some("openai".into()),
                ..AlertDetail::default()
            };
            let alert = AlertRecord {
                id: AlertId::from_i64(1),
                account: None,
                kind,
                token: None,
                channel: None,
                detail: detail.to_text(),
                created_at: UnixMillis::from_millis(0),
            };
            let (one, english) = mail_of(Language::English, &alert, &url);
            let (other, chinese) = mail_of(Language::Chinese, &alert, &url);
            assert_ne!(one, other);
            assert!(one.is_ascii() && !other.is_ascii(), "{one} {other}");
            for text in [english, chinese] {
                assert!(text.contains("https://relay.example.com/alerts"), "{text}");
            }
        }
    }
}
