//! What leaves for other programs: points as CSV, the front as RON, recipes for emulators and llama.cpp, architecture YAML.
//!
//! Made from what is already computed.

mod architecture;
mod front;
mod llama_cpp;
mod recipe;

pub use architecture::{timeloop_yaml, zigzag_yaml};
pub use front::{FrontDesign, FrontFile, front_file};
pub use llama_cpp::llama_cpp_arguments;
pub use recipe::recipe_json;
