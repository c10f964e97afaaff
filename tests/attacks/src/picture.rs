//! Codes as a camera gets them: grey pictures of a matrix at any size, turned, blurred, dimmed and dirty. Every change
//! is a function of the picture and of nothing else; dirt comes from a seed.

use std::f64::consts::PI;

use healthcode::qr::Matrix;

/// A grey picture, 0 black to 255 white, rows from the top.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its side, in pixels: all are square.
    pub side: usize,
    /// The pixels.
    pub luma: Vec<u8>,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a byte holds")]
fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[allow(clippy::cast_precision_loss, reason = "pictures have some thousand pixels a side")]
fn real(value: usize) -> f64 {
    value as f64
}

impl Picture {
    /// A matrix with its quiet zone, drawn so that the whole is `side` pixels wide: each pixel has the mean of what it
    /// covers, as a screen's photograph has.
    #[must_use]
    pub fn drawn(matrix: &Matrix, side: usize) -> Self {
        const FINE: usize = 4;
        let modules = matrix.side() + 8;
        let dark = |x: usize, y: usize| {
            let at = |pixel: usize| pixel * modules / (side * FINE);
            let (x, y) = (at(x).wrapping_sub(4), at(y).wrapping_sub(4));
            x < matrix.side() && y < matrix.side() && matrix.is_dark(x, y)
        };
        let pixel = |x: usize, y: usize| {
            let fine = (0..FINE).flat_map(|i| (0..FINE).map(move |j| (x * FINE + i, y * FINE + j)));
            let darks = fine.filter(|(x, y)| dark(*x, *y)).count();
            byte(255.0 * (1.0 - real(darks) / real(FINE * FINE)))
        };
        let luma = (0..side * side).map(|at| pixel(at % side, at / side)).collect();
        Self { side, luma }
    }

    /// How many pixels a module has.
    #[must_use]
    pub fn module(&self, matrix: &Matrix) -> f64 {
        real(self.side) / real(matrix.side() + 8)
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let clamp = |value: f64| value.clamp(0.0, real(self.side - 1));
        let (x, y) = (clamp(x), clamp(y));
        let (left, top) = (x.floor(), y.floor());
        let (dx, dy) = (x - left, y - top);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
        let pixel = |x: f64, y: f64| {
            let (x, y) = ((x as usize).min(self.side - 1), (y as usize).min(self.side - 1));
            f64::from(self.luma[y * self.side + x])
        };
        let upper = pixel(left, top) * (1.0 - dx) + pixel(left + 1.0, top) * dx;
        let lower = pixel(left, top + 1.0) * (1.0 - dx) + pixel(left + 1.0, top + 1.0) * dx;
        upper * (1.0 - dy) + lower * dy
    }

    /// Turned clockwise by so many degrees, in a white picture that holds all of it.
    #[must_use]
    pub fn turned(&self, degrees: f64) -> Self {
        let (sin, cos) = (degrees * PI / 180.0).sin_cos();
        let old = real(self.side);
        let wide = (old * (sin.abs() + cos.abs())).ceil();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
        let side = wide as usize;
        let pixel = |at: usize| {
            let (x, y) = (real(at % side) + 0.5 - wide / 2.0, real(at / side) + 0.5 - wide / 2.0);
            let (x, y) = (x * cos + y * sin + old / 2.0 - 0.5, y * cos - x * sin + old / 2.0 - 0.5);
            let outside = x < -0.5 || y < -0.5 || x > old - 0.5 || y > old - 0.5;
            if outside { 255 } else { byte(self.at(x, y)) }
        };
        Self { side, luma: (0..side * side).map(pixel).collect() }
    }

    /// Out of focus: a Gaussian of this standard deviation in pixels.
    #[must_use]
    pub fn blurred(&self, sigma: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
        let reach = (3.0 * sigma).ceil() as usize;
        let weight = |distance: usize| (-(real(distance) / sigma).powi(2) / 2.0).exp();
        let kernel: Vec<f64> = (0..=2 * reach).map(|at| weight(at.abs_diff(reach))).collect();
        let sum: f64 = kernel.iter().sum();
        let along = |luma: &[f64], step: usize, across: usize| -> Vec<f64> {
            let line = |place: usize, at: usize| {
                let tap = |(offset, weight): (usize, &f64)| {
                    let other = (at + offset).saturating_sub(reach).min(self.side - 1);
                    luma[place - at * step + other * step] * weight
                };
                kernel.iter().enumerate().map(tap).sum::<f64>() / sum
            };
            (0..luma.len()).map(|place| line(place, place / across % self.side)).collect()
        };
        let grey: Vec<f64> = self.luma.iter().map(|pixel| f64::from(*pixel)).collect();
        let blurred = along(&along(&grey, 1, 1), self.side, self.side);
        Self { side: self.side, luma: blurred.into_iter().map(byte).collect() }
    }

    /// Dimmed: white falls to `white`, black lies `contrast` below it.
    #[must_use]
    pub fn dimmed(&self, white: u8, contrast: u8) -> Self {
        let black = f64::from(white.saturating_sub(contrast));
        let scale = (f64::from(white) - black) / 255.0;
        let luma = self.luma.iter().map(|pixel| byte(black + f64::from(*pixel) * scale)).collect();
        Self { side: self.side, luma }
    }

    /// Dirt on the glass: blots of about this width in pixels until they cover this part of the picture, each of a grey
    /// that hides what is beneath it to a degree, 1 for wholly. From a seed.
    #[must_use]
    pub fn dirty(&self, part: f64, width: f64, hides: f64, seed: u64) -> Self {
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |below: f64| {
            // xorshift64*: dirt has to be the same in every run and nothing else.
            dice ^= dice >> 12;
            dice ^= dice << 25;
            dice ^= dice >> 27;
            #[allow(clippy::cast_precision_loss, reason = "the upper half is enough")]
            let of_one = (dice.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as f64 / 4_294_967_296.0;
            of_one * below
        };
        let (side, mut covered) = (real(self.side), vec![false; self.luma.len()]);
        let (mut luma, mut count) = (self.luma.clone(), 0);
        while real(count) < part * real(luma.len()) {
            let (x, y, radius, grey) = (roll(side), roll(side), width * (0.5 + roll(1.0)) / 2.0, roll(255.0));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the picture")]
            let span = |middle: f64| {
                let (from, to) = ((middle - radius).max(0.0) as usize, (middle + radius) as usize + 1);
                from..to.min(self.side)
            };
            for at in span(y).flat_map(|row| span(x).map(move |column| row * self.side + column)) {
                let near = (real(at % self.side) - x).hypot(real(at / self.side) - y) <= radius;
                if near && !covered[at] {
                    let shade = grey * hides + f64::from(luma[at]) * (1.0 - hides);
                    (covered[at], luma[at], count) = (true, byte(shade), count + 1);
                }
            }
        }
        Self { side: self.side, luma }
    }

    /// A file that picture tools read: PGM.
    #[must_use]
    pub fn to_pgm(&self) -> Vec<u8> {
        [format!("P5\n{0} {0}\n255\n", self.side).as_bytes(), &self.luma].concat()
    }
}
