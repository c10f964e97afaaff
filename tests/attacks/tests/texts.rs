//! Attacks on the text of a code: other spellings, other cases, look-alikes, and texts that are something else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode_attacks::world::{Lane, answered, challenge, code, green, on_paper, paper, sealed, token};

const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

fn says(text: &str) -> String {
    Lane::firm(30).says(text)
}

#[test]
fn base45_in_lower_case_is_no_base45() {
    let text = green(30);
    assert_eq!(says(&text.to_lowercase()), "not_a_health_code Other");
    assert_eq!(says(&("H1:".to_owned() + &text[3..].to_lowercase())), "invalid base45");
    for (at, letter) in text.char_indices().skip(3).filter(|(_, letter)| letter.is_ascii_uppercase()) {
        let lower = format!("{}{}{}", &text[..at], letter.to_ascii_lowercase(), &text[at + 1..]);
        assert_eq!(says(&lower), "invalid base45", "at {at}");
    }
}

#[test]
fn a_space_inserted_anywhere_makes_a_code_invalid() {
    let text = green(30);
    for at in 0..=text.len() {
        let told = says(&format!("{} {}", &text[..at], &text[at..]));
        let expected = match at {
            0..3 => told == "not_a_health_code Other",
            // 399 characters of base45 are whole groups; one more is half a group.
            _ => told == "invalid base45",
        };
        assert!(expected, "at {at}: {told}");
    }
}

#[test]
fn white_space_around_a_code_is_not_forgiven() {
    let text = green(30);
    for around in [" ", "\n", "\r\n", "\t", "\u{feff}", "\u{200b}", "\u{a0}", "\u{3000}", "\0"] {
        assert_eq!(says(&format!("{around}{text}")), "not_a_health_code Other", "{around:?}");
        assert_eq!(says(&format!("{text}{around}")), "invalid base45", "{around:?}");
    }
}

#[test]
fn look_alikes_in_the_prefix_are_not_ours() {
    let text = green(30);
    // Cyrillic, Greek, full-width, mathematical, Cherokee H; other digits one; other colons; combining marks.
    let heads = [
        "\u{41d}",
        "\u{397}",
        "\u{ff28}",
        "\u{1d5a7}",
        "\u{13bb}",
        "\u{2c75}",
        "\u{210b}",
        "h",
        "H\u{301}",
        "N",
        "\u{200b}H",
    ];
    for head in heads {
        assert_eq!(says(&format!("{head}{}", &text[1..])), "not_a_health_code Other", "{head}");
    }
    for one in
        ["\u{ff11}", "l", "I", "\u{2460}", "\u{661}", "\u{b9}", "\u{406}", "0", "7", "9", "", "11", "01"]
    {
        assert_eq!(says(&format!("H{one}{}", &text[2..])), "not_a_health_code Other", "{one}");
    }
    for colon in ["\u{ff1a}", "\u{fe55}", "\u{a789}", "\u{589}", "\u{2236}", ";", "", " :"] {
        assert_eq!(says(&format!("H1{colon}{}", &text[3..])), "not_a_health_code Other", "{colon}");
    }
    assert_eq!(says(&format!("H1::{}", &text[3..])), "invalid base45");
}

#[test]
fn look_alikes_in_the_body_are_no_base45() {
    let text = green(30);
    let similar = |letter: char| match letter {
        'A' => Some("\u{410}"),
        'B' => Some("\u{412}"),
        'C' => Some("\u{421}"),
        'E' => Some("\u{415}"),
        'H' => Some("\u{41d}"),
        'O' => Some("\u{41e}"),
        'P' => Some("\u{420}"),
        'X' => Some("\u{425}"),
        '0' => Some("\u{ff10}"),
        ':' => Some("\u{ff1a}"),
        ' ' => Some("\u{a0}"),
        _ => None,
    };
    let mut count = 0;
    for (at, letter) in text.char_indices().skip(3) {
        if let Some(other) = similar(letter) {
            assert_eq!(says(&format!("{}{other}{}", &text[..at], &text[at + 1..])), "invalid base45");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
    println!("\nlook-alikes: {count}");
}

#[test]
fn no_character_of_a_code_can_be_another() {
    let (lane, text) = (Lane::firm(30), green(30));
    let mut count = 0;
    for (at, own) in text.char_indices() {
        for other in ALPHABET.chars().filter(|other| *other != own) {
            let told = lane.says(&format!("{}{other}{}", &text[..at], &text[at + 1..]));
            let refused = match at {
                // H2 to H6 are no resident's codes; H3 is paper, whose token names its key.
                0..3 => told.starts_with("not_a_health_code ") || told == "invalid protected-header",
                _ => told.starts_with("invalid ") || told == "unknown_issuer",
            };
            assert!(refused, "{at} {other}: {told}");
            count += 1;
        }
    }
    println!("\ncharacters: {count}");
}

#[test]
fn two_spellings_of_one_code_do_not_exist() {
    let text = green(30);
    // Groups above the largest values: FFFF+1 in three characters, 256 in two.
    for body in ["GGW", "::", "5W", ":::", "U5", "00", "000000"] {
        let told = says(&format!("H1:{body}"));
        assert!(told.starts_with("invalid "), "{body}: {told}");
    }
    for twice in [format!("{text}{text}"), format!("{text}{}", &text[3..]), format!("H1:{text}")] {
        let told = says(&twice);
        assert!(told.starts_with("invalid "), "{told}");
    }
    let url = |byte: u8| format!("%{byte:02X}");
    let encoded: String = text.bytes().map(url).collect();
    assert_eq!(says(&encoded), "not_a_health_code Other");
    assert!(says(&format!("H1:{}", &encoded[9..])).starts_with("invalid "));
}

#[test]
fn one_kind_of_code_is_no_other() {
    let (own, answer) = (green(30), code(&answered(&sealed(&token()), &challenge(), 2)));
    let paper = on_paper(&sealed(&paper()));
    for text in [&own, &answer, &paper] {
        for (digit, named) in [("2", "Challenge"), ("4", "Venue"), ("5", "Handover"), ("6", "OutageNotice")] {
            assert_eq!(says(&format!("H{digit}{}", &text[2..])), format!("not_a_health_code {named}"));
        }
    }
    assert_eq!(says(&format!("H3{}", &own[2..])), "invalid protected-header");
    assert_eq!(says(&format!("H1{}", &paper[2..])), "invalid protected-header");
}

#[test]
fn what_is_something_else_is_named() {
    for (text, told) in [
        ("https://example.org/H1:6BF", "not_a_health_code Url"),
        ("HTTP://EXAMPLE.ORG", "not_a_health_code Url"),
        ("HC1:6BFOXN", "not_a_health_code EuCertificate"),
        ("shc:/5676290952432060346029243740", "not_a_health_code SmartHealthCard"),
        ("wxp://f2f0", "not_a_health_code Payment"),
        ("weixin://wxpay/bizpayurl?pr=1", "not_a_health_code Payment"),
        ("https://qr.alipay.com/fkx1", "not_a_health_code Payment"),
        ("alipays://platformapi", "not_a_health_code Payment"),
        ("https://qr.95516.com/00010001", "not_a_health_code Payment"),
        ("粤康码", "not_a_health_code Other"),
        ("{\"alg\":\"none\"}", "not_a_health_code Other"),
        ("eyJhbGciOiJub25lIn0.e30.", "not_a_health_code Other"),
        ("WIFI:S:gate;;", "not_a_health_code Other"),
        ("", "not_a_health_code Other"),
    ] {
        assert_eq!(says(text), told, "{text}");
    }
}
