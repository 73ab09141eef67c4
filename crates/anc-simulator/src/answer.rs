//! What the simulator says: plainly labelled, and long when it is asked for something long.

use crate::count::TextCount;

/// The most that a question is quoted back, in characters.
const QUOTE_CHARS_MAX: usize = 400;
/// The longest answer that can be asked for, in words or numbers.
const WORDS_MAX: usize = 20_000;

const LOREM: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor \
    incididunt ut labore et dolore magna aliqua ut enim ad minim veniam quis nostrud exercitation \
    ullamco laboris nisi ut aliquip ex ea commodo consequat";

/// The answer to what the person wrote last.
pub(crate) fn compose(question: &str) -> String {
    let mut answer = String::from(
        "This answer comes from the Simulated provider: no language model was asked.\n\n",
    );
    let question = question.trim();
    if question.is_empty() {
        answer.push_str("Your message held no text.\n\n");
    } else {
        answer.push_str("You wrote: \"");
        answer.push_str(&quoted(question));
        answer.push_str("\"\n\n");
    }
    match asked_length(question) {
        Some(Asked::Words(words)) => push_words(&mut answer, words),
        Some(Asked::CountTo(last)) => push_count(&mut answer, last),
        None => answer.push_str(
            "The relay checked your key, held the price of this request, passed the words on as \
             they came, and charged what was counted, just as it does for a hosted model. Ask me \
             to \"write 300 words\" or to \"count to 100\" to see a longer stream.",
        ),
    }
    answer
}

enum Asked {
    Words(usize),
    CountTo(usize),
}

/// Finds "300 words" or "count to 100" in the question.
fn asked_length(question: &str) -> Option<Asked> {
    let lower = question.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).find_map(|pair| match pair {
        [number, "words" | "word"] => Some(Asked::Words(number.parse().ok()?)),
        ["to", number] if words.iter().any(|word| word.starts_with("count")) => {
            Some(Asked::CountTo(number.parse().ok()?))
        }
        _ => None,
    })
}

fn push_words(answer: &mut String, words: usize) {
    let words = words.min(WORDS_MAX);
    for (at, word) in LOREM.split_whitespace().cycle().take(words).enumerate() {
        if at > 0 {
            answer.push(' ');
        }
        answer.push_str(word);
    }
    answer.push('.');
}

fn push_count(answer: &mut String, last: usize) {
    for number in 1..=last.min(WORDS_MAX) {
        if number > 1 {
            answer.push_str(", ");
        }
        answer.push_str(&number.to_string());
    }
    answer.push('.');
}

fn quoted(question: &str) -> String {
    let mut quote: String = question.chars().take(QUOTE_CHARS_MAX).collect();
    if quote.len() < question.len() {
        quote.push('…');
    }
    quote
}

/// The text in pieces as a model would send them, each with its units: a word with the space before
/// it, or a part of a very long one. The units of all pieces add up to those of the text.
pub(crate) fn pieces(text: String) -> impl Iterator<Item = (String, u64)> + Send {
    let mut at = 0;
    let mut counted = TextCount::default();
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let piece = rest.get(..piece_length(rest)).unwrap_or(rest);
        at += piece.len();
        let before = counted.units();
        counted.add(piece);
        Some((piece.to_owned(), counted.units() - before))
    })
}

fn piece_length(rest: &str) -> usize {
    const PIECE_CHARS_MAX: usize = 12;
    let mut in_word = false;
    for (count, (at, letter)) in rest.char_indices().enumerate() {
        let ends_word = in_word && letter.is_whitespace();
        if ends_word || count == PIECE_CHARS_MAX {
            return at;
        }
        in_word |= !letter.is_whitespace();
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_where_it_comes_from_and_quotes_the_question() {
        let answer = compose("Where is the library?");
        assert!(answer.starts_with("This answer comes from the Simulated provider"));
        assert!(answer.contains("You wrote: \"Where is the library?\""));
    }

    #[test]
    fn a_long_answer_is_as_long_as_asked() {
        let answer = compose("Please write 120 words about rain.");
        let lorem = answer.rsplit("\n\n").next().unwrap();
        assert_eq!(lorem.split_whitespace().count(), 120);
        assert!(compose("count to 12").ends_with("10, 11, 12."));
        assert!(compose("write 99999999999999999999999 words").contains("Ask me"));
    }

    #[test]
    fn pieces_are_the_text_and_their_units_its_units() {
        for text in ["", " ", "Hello there, you.", "日本語のとても長い文章です、はい", "a\n\n b  c"]
        {
            let pieces: Vec<_> = pieces(text.to_owned()).collect();
            let joined: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
            let units: u64 = pieces.iter().map(|(_, units)| units).sum();
            assert_eq!((joined.as_str(), units), (text, TextCount::of(text).units()));
        }
    }
}
