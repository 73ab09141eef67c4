//! Items of a Responses input that stand for others: the provider reads what it stored under their
//! ids, so whose they are must be known.

use crate::count::InputSize;
use crate::json::{Kind, Malformed, Walker, unescaped};
use crate::scan::{read_text, string};

/// Reads an input for the model, and collects what it refers to: items of the type `item_reference`,
/// and those that are nothing but an id, which the vendor takes for the same.
pub(crate) fn read_items(
    walker: &mut Walker<'_>,
    body: &[u8],
    input: &mut InputSize,
    references: &mut Vec<String>,
) -> Result<(), Malformed> {
    if !walker.is_at(b'[') {
        return read_text(walker, input);
    }
    walker.array(&mut |walker| {
        if !walker.is_at(b'{') {
            return read_text(walker, input);
        }
        let (mut id, mut kind, mut has_more) = (None, None, false);
        walker.object(&mut |walker, key| {
            input.add_text(key);
            match &*unescaped(key) {
                "id" => id = string(body, &walker.skip()?),
                "type" => {
                    let value = walker.skip()?;
                    kind = (value.kind != Kind::Null).then(|| string(body, &value)).flatten();
                }
                _ => {
                    has_more = true;
                    read_text(walker, input)?;
                }
            }
            Ok(())
        })?;
        let refers = match kind.as_deref() {
            Some(kind) => kind == "item_reference",
            None => !has_more,
        };
        references.extend(id.filter(|_| refers));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use crate::{Protocol, scan_request};

    fn references(input: &str) -> Vec<String> {
        let body = format!(r#"{{"model":"m","input":{input}}}"#);
        scan_request(Protocol::OpenAiResponses, body.as_bytes()).unwrap().references
    }

    #[test]
    fn b4_what_an_input_refers_to_is_found_however_it_is_written() {
        for input in [
            r#"[{"type":"item_reference","id":"msg_1"}]"#,
            r#"[{"id":"msg_1","type":"item\u005freference","x":{}}]"#,
            r#"[{"id":"msg_1","type":null}]"#,
            r#"[{"i\u0064":"msg_1"}]"#,
        ] {
            assert_eq!(references(input), ["msg_1"], "{input}");
        }
        for input in [
            r#""msg_1""#,
            r#"[{"type":"message","id":"msg_1","content":"x"}]"#,
            r#"[{"role":"user","id":"msg_1","content":"x"}]"#,
            r#"[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"A"}]"#,
        ] {
            assert_eq!(references(input), [""; 0], "{input}");
        }
    }

    #[test]
    fn an_inputs_texts_count_as_before() {
        let body = br#"{"model":"m","input":[{"role":"user","content":"four more words here"}]}"#;
        let facts = scan_request(Protocol::OpenAiResponses, body).unwrap();
        assert!(facts.input.ascii_bytes > 30, "{:?}", facts.input);
    }
}
