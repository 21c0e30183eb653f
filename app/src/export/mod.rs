//! What leaves for other programs: points as CSV, the front as RON, recipes for emulators and llama.cpp, architecture YAML.
//!
//! Text only, made from what is already computed; writing files is the caller's.

mod architecture;
mod front;
mod points;
mod recipe;

pub use architecture::{timeloop_yaml, zigzag_yaml};
pub use front::{FrontDesign, FrontFile, front_file};
pub use points::points_csv;
pub use recipe::{llama_cpp_arguments, recipe_json, rounding_and_scale};
