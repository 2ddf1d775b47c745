//! From light to pixels: exposure, film curve, sRGB, PNG.

use std::{fs::File, io::BufWriter, path::Path};

use crate::vector::Vec3;

/// Rendered light, row by row from the top.
#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) light: Vec<Vec3>,
}

impl Picture {
    /// Three bytes per pixel, sRGB.
    pub(crate) fn pixels(&self, exposure: f32) -> Vec<u8> {
        self.light
            .iter()
            .flat_map(|light| {
                let shown = film(*light * exposure).map(srgb);
                [byte(shown.x), byte(shown.y), byte(shown.z)]
            })
            .collect()
    }

    /// Writes a PNG file.
    pub(crate) fn write(&self, path: &Path, exposure: f32) -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels(exposure))?;
        writer.finish()
    }
}

/// Rolls highlights off as film does (Hill's fit of the ACES reference transform).
fn film(light: Vec3) -> Vec3 {
    let rows = |m: [[f32; 3]; 3], v: Vec3| {
        let row = |r: [f32; 3]| r[0] * v.x + r[1] * v.y + r[2] * v.z;
        Vec3 {
            x: row(m[0]),
            y: row(m[1]),
            z: row(m[2]),
        }
    };
    let into = [
        [0.597_19, 0.354_58, 0.048_23],
        [0.076, 0.908_34, 0.015_66],
        [0.028_4, 0.133_83, 0.837_77],
    ];
    let back = [
        [1.604_75, -0.531_08, -0.073_67],
        [-0.102_08, 1.108_13, -0.006_05],
        [-0.003_27, -0.072_76, 1.076_02],
    ];
    let curve = |x: f32| (x * (x + 0.024_578_6) - 0.000_090_537) / (x * (0.983_729 * x + 0.432_951) + 0.238_081);
    rows(back, rows(into, light).map(curve)).map(|channel| channel.clamp(0.0, 1.0))
}

fn srgb(linear: f32) -> f32 {
    if linear <= 0.003_130_8 {
        linear * 12.92
    } else {
        linear.powf(1.0 / 2.4).mul_add(1.055, -0.055)
    }
}

fn byte(share: f32) -> u8 {
    // Saturates; a NaN would become black.
    (share * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::grey;

    #[test]
    fn darkness_is_black_and_brightness_never_wraps() {
        let picture = Picture {
            width: 3,
            height: 1,
            light: vec![Vec3::ZERO, grey(0.18), grey(1e6)],
        };
        let pixels = picture.pixels(1.0);
        assert_eq!(&pixels[..3], [0, 0, 0]);
        assert!(pixels[3] > 60 && pixels[3] < 140, "{}", pixels[3]);
        assert!(pixels[6..].iter().all(|byte| *byte >= 254), "{:?}", &pixels[6..]);
    }

    #[test]
    fn a_picture_is_written_as_png() {
        let path = std::env::temp_dir().join(format!("path-tracer-{}.png", std::process::id()));
        let picture = Picture {
            width: 2,
            height: 2,
            light: vec![grey(0.5); 4],
        };
        picture.write(&path, 1.0).expect("written");
        let decoder = png::Decoder::new(std::io::BufReader::new(File::open(&path).expect("there")));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut pixels).expect("a frame");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(pixels, picture.pixels(1.0));
    }
}
