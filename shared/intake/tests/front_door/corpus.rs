//! What the fuzzers have found worth keeping, on any toolchain.

#[path = "../../fuzz/parsers.rs"]
mod parsers;

use std::path::Path;

#[test]
fn every_file_of_the_fuzzers_corpus_is_held_to_their_promises() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, parser) in parsers::PARSERS {
        let files = std::fs::read_dir(corpus.join(name)).expect("every parser has a corpus");
        let mut count = 0;
        for file in files {
            let path = file.expect("a file").path();
            println!("{}", path.display());
            parser(&std::fs::read(path).expect("a file of the corpus"));
            count += 1;
        }
        assert!(count > 0, "the corpus of {name} is empty");
    }
}
