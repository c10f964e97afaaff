//! The page of a paper code: A4, large letters, Chinese and English, with a card of an identity card's size to cut out
//! (ISO/IEC 7810, ID-1). It says what the code says and what a gate does with it. What never enters: a reason, a telephone
//! number, an address. Whoever prints it has only what the authority has signed.

use crate::qr::sheet::{A4, Area, Sheet, Style};
use crate::qr::{Matrix, QrError, Shade};
use crate::rules::calendar::LegalDate;
use crate::rules::rulebook::{ColourText, Rulebook};
use crate::rules::text::Text;
use crate::token::GateToken;
use crate::token::code_text::{CodeText, Prefix};

/// The margin that every printer leaves, in millimetres.
const MARGIN: f64 = 15.0;
/// What lies between the margins.
const WIDTH: f64 = A4.0 as f64 - 2.0 * MARGIN;
/// A card of the size of an identity card.
const CARD: Area = Area { x: MARGIN, y: 229.0, width: 85.6, height: 53.98 };
/// The height of a line of what a page explains, and of its letters.
const LINE: (f64, f64) = (8.2, 5.4);

/// The page of a paper code as one SVG document of A4 size without references: of the token, as it was `signed`, by the
/// issuer's rulebook and name.
///
/// # Errors
///
/// [`QrError`] for a token that is too large for a code.
pub fn page(token: &GateToken, signed: &[u8], rulebook: &Rulebook, issuer: &Text) -> Result<String, QrError> {
    let matrix = Matrix::encode(&CodeText::write(Prefix::Paper, signed))?;
    Ok(Page { rulebook, issuer }.draw(&Printed { token, matrix: &matrix }))
}

/// What the pages of an issuer have in common.
struct Page<'a> {
    rulebook: &'a Rulebook,
    issuer: &'a Text,
}

/// What is printed.
struct Printed<'a> {
    token: &'a GateToken,
    matrix: &'a Matrix,
}

/// A line of the page, in both languages.
const EXPLAINED: [(&str, &str); 4] = [
    (
        "检查点：扫描此码，并与持码人的身份证件核对姓名和尾号。",
        "Checkpoint: scan the code, then compare it with the ID card.",
    ),
    (
        "持码人：请随身携带身份证件；没有证件，此码无效。",
        "Holder: carry your ID card. Without it the code does not pass.",
    ),
    ("颜色一变，此页即失效，以扫描结果为准。", "When the colour changes, this page ends: the scan counts."),
    (
        "遗失时，请照护人在手机上或请签发机构的工作人员注销。",
        "Lost? Ask a carer, or an officer of the issuer, to withdraw it.",
    ),
];

impl Page<'_> {
    /// The page as an SVG document.
    fn draw(&self, printed: &Printed<'_>) -> String {
        let GateToken { colour, masked_name, id_tail, .. } = printed.token;
        let shade = Shade::from(*colour);
        let meaning = self.rulebook.colour_text(*colour);
        let title = format!(
            "纸质健康码 Health code on paper – {} {} – {masked_name} {id_tail}",
            meaning.word.zh, meaning.word.en
        );
        let mut sheet = Sheet::a4(&title);
        heading(&mut sheet, shade, meaning);
        sheet.code(printed.matrix, (MARGIN - 4.0, 61.0), 104.0);
        self.person(&mut sheet, printed);
        explain(&mut sheet);
        self.card(&mut sheet, printed, meaning);
        sheet.finish()
    }

    /// Whose it is and how long it holds, to the right of the code.
    fn person(&self, sheet: &mut Sheet, Printed { token, .. }: &Printed<'_>) {
        let x = MARGIN + 106.0;
        let room = MARGIN + WIDTH - x;
        let issued = Text::day(self.rulebook.offset_minutes.date_of(token.issued_at));
        let last = Text::day(self.last_day(token));
        let rows = [
            ("姓名 Name", token.masked_name.clone(), None),
            ("证件尾号 ID ends in", token.id_tail.clone(), None),
            ("有效至（含当日） Valid through", last.zh, Some(last.en)),
            ("签发日 Issued on", issued.zh, Some(issued.en)),
            ("签发机构 Issued by", self.issuer.zh.clone(), Some(self.issuer.en.clone())),
        ];
        let mut y = 66.0;
        for (label, value, other) in rows {
            sheet.line((x, y), room, Style::plain(4.4), label);
            sheet.line((x, y + 7.0), room, Style::bold(8.2), &value);
            y += 15.4;
            if let Some(other) = other {
                sheet.line((x, y - 1.4), room, Style::plain(5.6), &other);
                y += 5.6;
            }
        }
    }

    /// The card to cut out, and beside it what it is for.
    fn card(&self, sheet: &mut Sheet, Printed { token, matrix }: &Printed<'_>, meaning: &ColourText) {
        let shade = Shade::from(token.colour);
        let Area { x: left, y: top, width, height } = CARD;
        let code = height - 6.0;
        sheet.cut(CARD);
        sheet.code(matrix, (left + 2.0, top + 3.0), code);
        let x = left + code + 4.0;
        let room = width - code - 7.0;
        sheet.fill(Area { x, y: top + 4.0, width: room, height: 13.0 }, shade);
        sheet.mark(shade, (x + 1.5, top + 5.5), 10.0);
        let on = Some(shade);
        let word = Style { size: 6.0, bold: true, on };
        sheet.line((x + 13.0, top + 8.4), room - 14.0, word, &meaning.word.zh);
        sheet.line((x + 13.0, top + 13.6), room - 14.0, Style { size: 4.0, ..word }, &meaning.word.en);
        let last = self.last_day(token);
        let lines = [
            (21.4, Style::bold(5.4), token.masked_name.clone()),
            (27.6, Style::bold(5.4), token.id_tail.clone()),
            (33.4, Style::plain(3.0), "有效至 Valid through".to_owned()),
            (38.0, Style::bold(4.6), last.to_string()),
            (44.2, Style::plain(3.4), "请核对身份证件".to_owned()),
            (48.6, Style::plain(3.4), "Compare the ID card".to_owned()),
        ];
        for (y, style, words) in lines {
            sheet.line((x, top + y), room, style, &words);
        }
        let (x, room) = (left + width + 6.0, WIDTH - width - 6.0);
        for (y, style, words) in [
            (6.0, Style::bold(5.4), "沿虚线剪下，随身携带"),
            (14.0, Style::plain(LINE.1), "Cut out and carry it with you"),
            (26.0, Style::plain(LINE.1), "此卡与本页是同一个码"),
            (34.0, Style::plain(LINE.1), "Card and page are one code"),
        ] {
            sheet.line((x, top + y), room, style, words);
        }
    }

    /// The last legal day on which it passes.
    fn last_day(&self, token: &GateToken) -> LegalDate {
        self.rulebook.offset_minutes.date_of(token.expires_at.plus_millis(-1))
    }
}

/// The colour: by frame, shape and word, with what it asks of the holder.
fn heading(sheet: &mut Sheet, shade: Shade, meaning: &ColourText) {
    let ColourText { word, advice } = meaning;
    sheet.fill(Area { x: MARGIN, y: MARGIN, width: WIDTH, height: 43.0 }, shade);
    sheet.mark(shade, (MARGIN + 6.0, MARGIN + 7.5), 28.0);
    let (x, room) = (MARGIN + 41.0, WIDTH - 46.0);
    let style = |size, bold| Style { size, bold, on: Some(shade) };
    sheet.line((x, MARGIN + 7.0), room, style(5.4, false), "纸质健康码 Health code on paper");
    sheet.line((x, MARGIN + 19.5), room, style(16.0, true), &format!("{} {}", word.zh, word.en));
    sheet.line((x, MARGIN + 31.0), room, style(5.6, false), &advice.zh);
    sheet.line((x, MARGIN + 37.8), room, style(5.6, false), &advice.en);
}

/// What it is good for, and what to do when it is lost.
fn explain(sheet: &mut Sheet) {
    let (step, size) = LINE;
    let mut y = 170.0;
    for (zh, en) in EXPLAINED {
        sheet.line((MARGIN, y), WIDTH, Style::bold(size), zh);
        // Of one size, whichever of them is the longest.
        sheet.line((MARGIN, y + step * 0.82), WIDTH, Style::plain(4.7), en);
        y += step * 1.82;
    }
}
