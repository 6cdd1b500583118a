//! How an error reads: as one text with its causes.

use std::error::Error;

/// Bytes of an error's text, at most. A refused call may repeat its whole request; what is cut off ends in `…`.
pub const CAUSES_BYTES_MAX: usize = 2_048;

const CUT: &str = "…";

/// An error and its causes, from the outermost on, each once: `failed to write order 1: throttled: try again`.
///
/// The only place that walks an error's sources: logs, outcomes and commands print errors by it.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause.filter(|_| text.len() <= CAUSES_BYTES_MAX) {
        let said = source.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = source.source();
    }
    cut(text)
}

fn cut(mut text: String) -> String {
    if text.len() > CAUSES_BYTES_MAX {
        text.truncate(text.floor_char_boundary(CAUSES_BYTES_MAX - CUT.len()));
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(String, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    fn layers(texts: &[&str]) -> Layer {
        let (first, rest) = texts.split_first().expect("a layer");
        let cause = (!rest.is_empty()).then(|| Box::new(layers(rest)));
        Layer((*first).to_owned(), cause)
    }

    #[test]
    fn every_cause_is_named_once_from_the_outermost_on() {
        let error = layers(&["failed to write order 1", "throttled", "throttled", "try again"]);
        assert_eq!(
            with_causes(&error),
            "failed to write order 1: throttled: try again"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters_and_says_so() {
        let long = "单".repeat(CAUSES_BYTES_MAX);
        for error in [layers(&[&long]), layers(&["failed", &long, "unseen"])] {
            let text = with_causes(&error);
            assert!(
                text.len() <= CAUSES_BYTES_MAX && text.ends_with('…'),
                "{}",
                text.len()
            );
        }
    }
}
