//! `blockscape quantize`: every tensor of a checkpoint brought to one format, its error measured, the result written.
//!
//! Tensors stream through a piece at a time: memory does not grow with the file. The output is a safetensors file of F32,
//! in which every value of every format is exact.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use blockscape_explorer::sweep::store::{Output, StoreError, WholeFile};
use blockscape_model::format::Format;
use blockscape_model::language_model::checkpoint::{ElementType, TensorView};
use blockscape_model::quantization::{ErrorSums, Quantizer, rows_per_piece_in};
use blockscape_model::transform::Transform;
use clap::Args as Arguments;
use serde_json::{Map, Value, json};

use super::replacing::Replacing;
use crate::checkpoint::file::CheckpointFile;
use crate::files::output;

/// Quantize the tensors of a checkpoint, report the error of each, and write the result
#[derive(Debug, Clone, Arguments)]
pub struct Args {
    /// Number format, as `mxfp4`, `bfp:m=4,e=8,b=32` or `q4_k`; blocks run along the innermost axis
    #[arg(long, short, value_name = "FORMAT")]
    format: Format,
    /// safetensors or GGUF file with F32, F16 or BF16 tensors (block types are decoded first), the index of a sharded
    /// checkpoint, or the folder that holds one
    #[arg(long, short, value_name = "FILE")]
    input: PathBuf,
    /// safetensors file to write, F32
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    replacing: Replacing,
    /// Leave tensors with fewer than two axes (norms, biases) as they are
    #[arg(long)]
    matrices_only: bool,
    /// Transform of matrices along the innermost axis before they are quantized: `hadamard:32`, `hadamard:64,signs=7`; errors
    /// are those of the transformed values, the output is transformed back
    #[arg(long, value_name = "TRANSFORM", default_value_t)]
    transform: Transform,
    /// Seed of stochastic rounding
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Where the bytes of the quantized tensors go.
type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), StoreError>;

/// Outcome for one tensor.
#[derive(Debug)]
struct Report {
    name: String,
    dims: Vec<u64>,
    /// None for a tensor that was left as it was.
    sums: Option<ErrorSums>,
    /// Bits it takes in the format, scales and short blocks included.
    bits: u64,
    n_values: u64,
}

/// Runs the subcommand.
///
/// # Errors
/// The input cannot be read or holds values that are not finite; the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let started = Instant::now();
    let file = CheckpointFile::open_tensors(&args.input)?;
    let place = place(args, &file)?;
    let tensors = file.tensors()?;
    if tensors.is_empty() {
        bail!("{}: holds no tensors", args.input.display());
    }
    let reports = match &place {
        Some(place) => write_file(args, &tensors, place)?,
        None => quantize_all(args, &tensors, &mut None)?,
    };
    let seconds = started.elapsed().as_secs_f64();
    if args.json {
        output::json(&document(args, &reports, seconds))
    } else {
        output::text(&table(args, &reports, seconds))
    }
}

/// Where the quantized tensors go, if they are to be written.
fn place(args: &Args, file: &CheckpointFile) -> anyhow::Result<Option<Output>> {
    let inputs = file.files();
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let check = |path: &PathBuf| {
        let place = Output::new(path, "a checkpoint written by quantize", is_quantized);
        args.replacing.check(place, &inputs)
    };
    args.output.as_ref().map(check).transpose()
}

/// What stands in the header of a file written here, and in no other.
const MARK: &str = "\"number_format\":";

/// Longest header that is searched for the mark.
const LONGEST_HEADER: u64 = 64 << 20;

fn is_quantized(path: &Path) -> bool {
    let header = || {
        let mut file = File::open(path).ok()?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length).min(LONGEST_HEADER);
        let mut header = Vec::new();
        file.take(length).read_to_end(&mut header).ok()?;
        String::from_utf8(header).ok()
    };
    header().is_some_and(|header| header.contains(MARK))
}

/// Writes the file whole: a killed run leaves no half one.
fn write_file(
    args: &Args,
    tensors: &BTreeMap<String, TensorView<'_>>,
    place: &Output,
) -> anyhow::Result<Vec<Report>> {
    let mut file = place.create()?;
    let reports = write_tensors(args, tensors, &mut file)?;
    file.commit()?;
    Ok(reports)
}

fn write_tensors(
    args: &Args,
    tensors: &BTreeMap<String, TensorView<'_>>,
    file: &mut WholeFile,
) -> anyhow::Result<Vec<Report>> {
    let header = header(args, tensors)?;
    let mut sink = |bytes: &[u8]| {
        let written = file.write_all(bytes);
        written.map_err(|reason| file.explain(reason))
    };
    sink(&(header.len() as u64).to_le_bytes())?;
    sink(header.as_bytes())?;
    quantize_all(args, tensors, &mut Some(&mut sink))
}

/// The JSON of the file: names, types, shapes and offsets, padded so that data start at a multiple of 8 bytes.
fn header(args: &Args, tensors: &BTreeMap<String, TensorView<'_>>) -> anyhow::Result<String> {
    let mut entries = Map::new();
    let metadata = json!({"format": "pt", "number_format": args.format.to_string()});
    entries.insert("__metadata__".to_owned(), metadata);
    let mut offset = 0_u64;
    for (name, tensor) in tensors {
        let (kind, length) = stored(tensor);
        let entry =
            json!({"dtype": kind, "shape": tensor.dims, "data_offsets": [offset, offset + length]});
        entries.insert(name.clone(), entry);
        offset += length;
    }
    let mut header = serde_json::to_string(&entries)?;
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    Ok(header)
}

/// Type and bytes in the output.
fn stored(tensor: &TensorView<'_>) -> (String, u64) {
    match integer_name(tensor.element_type) {
        Some(name) => (name, tensor.stored_bytes()),
        None => ("F32".to_owned(), tensor.n_values() * 4),
    }
}

/// Name of an integer type in safetensors; such tensors pass unchanged.
fn integer_name(element_type: ElementType) -> Option<String> {
    match element_type {
        ElementType::Signed(bytes) => Some(format!("I{}", 8 * u32::from(bytes))),
        ElementType::Unsigned(bytes) => Some(format!("U{}", 8 * u32::from(bytes))),
        _ => None,
    }
}

fn quantize_all(
    args: &Args,
    tensors: &BTreeMap<String, TensorView<'_>>,
    sink: &mut Option<Sink<'_>>,
) -> anyhow::Result<Vec<Report>> {
    tensors
        .values()
        .map(|tensor| {
            quantize(args, tensor, sink).map_err(|error| {
                // An error of the output names it; the input is sound.
                if error.is::<StoreError>() {
                    error
                } else {
                    error.context(args.input.display().to_string())
                }
            })
        })
        .collect()
}

fn quantize(
    args: &Args,
    tensor: &TensorView<'_>,
    sink: &mut Option<Sink<'_>>,
) -> anyhow::Result<Report> {
    let (n_rows, row_len) = (tensor.n_rows(), tensor.row_len());
    let mut report = Report {
        name: tensor.name.clone(),
        dims: tensor.dims.clone(),
        sums: None,
        bits: tensor.stored_bytes() * 8,
        n_values: tensor.n_values(),
    };
    if integer_name(tensor.element_type).is_some() {
        if let Some(sink) = sink {
            sink(tensor.bytes())?;
        }
        return Ok(report);
    }
    let is_kept = args.matrices_only && tensor.dims.len() < 2;
    let width = usize::try_from(row_len).context("rows are longer than memory")?;
    let piece = rows_per_piece_in(args.format, width) as u64;
    let transform = if is_kept || tensor.dims.len() < 2 {
        Transform::None
    } else {
        args.transform
    };
    let rows = |first: u64, n: u64| {
        let mut rows = tensor.decode_rows(first, n)?;
        transform
            .apply(&mut rows, width)
            .with_context(|| tensor.name.clone())?;
        anyhow::Ok(rows)
    };
    let largest = if args.format.has_tensor_scale() {
        largest(n_rows, piece, rows)?
    } else {
        0.0
    };
    let quantizer = Quantizer::new(args.format, largest)
        .with_seed(args.seed)
        .of_tensor(&tensor.name);
    let mut sums = ErrorSums::default();
    let mut out = Vec::new();
    let mut bytes = Vec::new();
    let mut first = 0;
    while first < n_rows {
        let n = piece.min(n_rows - first);
        let x = rows(first, n)?;
        out.resize(x.len(), 0.0);
        if is_kept {
            out.copy_from_slice(&x);
        } else {
            let quantizer = quantizer.starting_at(first * row_len);
            sums.merge(&quantizer.quantize_and_measure(&x, width, &mut out));
            if sink.is_some() {
                transform.undo(&mut out, width)?;
            }
        }
        if let Some(sink) = sink.as_mut() {
            bytes.resize(4 * out.len(), 0);
            for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(&out) {
                *bytes = value.to_le_bytes();
            }
            sink(&bytes)?;
        }
        first += n;
    }
    if !is_kept {
        report.sums = Some(sums);
        report.bits = args.format.storage_bits(n_rows, row_len);
    }
    Ok(report)
}

/// Largest magnitude of the rows of a tensor, a piece at a time.
fn largest(
    n_rows: u64,
    piece: u64,
    rows: impl Fn(u64, u64) -> anyhow::Result<Vec<f32>>,
) -> anyhow::Result<f32> {
    let mut largest = 0.0_f32;
    let mut first = 0;
    while first < n_rows {
        let n = piece.min(n_rows - first);
        largest = rows(first, n)?
            .iter()
            .fold(largest, |largest, value| largest.max(value.abs()));
        first += n;
    }
    Ok(largest)
}

/// Sums over all quantized tensors, in their order.
fn total(reports: &[Report]) -> (ErrorSums, u64) {
    let mut sums = ErrorSums::default();
    let mut bits = 0;
    for report in reports {
        if let Some(of_tensor) = &report.sums {
            sums.merge(of_tensor);
            bits += report.bits;
        }
    }
    (sums, bits)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bits and values of tensors stay far below 2^52"
)]
fn per_value(bits: u64, n_values: u64) -> f64 {
    if n_values == 0 {
        0.0
    } else {
        bits as f64 / n_values as f64
    }
}

fn document(args: &Args, reports: &[Report], seconds: f64) -> Value {
    let entries: Vec<Value> = reports.iter().map(entry).collect();
    let (sums, bits) = total(reports);
    json!({
        "format": args.format.to_string(),
        "transform": args.transform.to_string(),
        "input": args.input.display().to_string(),
        "output": args.output.as_ref().map(|path| path.display().to_string()),
        "tensors": entries,
        "total": measures(&sums, bits, sums.n),
        "seconds": seconds,
    })
}

fn entry(report: &Report) -> Value {
    let mut entry = match &report.sums {
        Some(sums) => measures(sums, report.bits, report.n_values),
        None => {
            json!({"bits_per_value": per_value(report.bits, report.n_values), "quantized": false})
        }
    };
    entry["name"] = json!(report.name);
    entry["shape"] = json!(report.dims);
    entry
}

/// Numbers that JSON cannot hold (the SQNR of an exact tensor) become null.
fn measures(sums: &ErrorSums, bits: u64, n_values: u64) -> Value {
    json!({
        "n_values": sums.n,
        "sqnr_db": sums.sqnr_db(),
        "mse": sums.mse(),
        "max_error": sums.max_error(),
        "relative_error": sums.relative_error(),
        "cosine": sums.cosine(),
        "saturated_share": sums.saturated_share(),
        "flushed_share": sums.flushed_share(),
        "bits_per_value": per_value(bits, n_values),
    })
}

fn table(args: &Args, reports: &[Report], seconds: f64) -> String {
    let width = reports
        .iter()
        .map(|report| report.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(5);
    let mut text = format!(
        "{:width$}  {:>9} {:>10} {:>10} {:>10} {:>8} {:>9} {:>8} {:>7}",
        "", "SQNR dB", "MSE", "max error", "rel. error", "cosine", "saturated", "flushed", "bits"
    );
    for report in reports {
        let bits = per_value(report.bits, report.n_values);
        row(&mut text, &report.name, width, report.sums.as_ref(), bits);
    }
    let (sums, bits) = total(reports);
    row(
        &mut text,
        "total",
        width,
        Some(&sums),
        per_value(bits, sums.n),
    );
    // writing to a string cannot fail
    let _ = write!(
        text,
        "\n{}: {} values in {seconds:.2} s",
        args.format, sums.n
    );
    text
}

fn row(text: &mut String, name: &str, width: usize, sums: Option<&ErrorSums>, bits: f64) {
    let _ = match sums {
        Some(sums) => write!(
            text,
            "\n{name:width$}  {:>9.3} {:>10.3e} {:>10.3e} {:>10.3e} {:>8.6} {:>8.3}% {:>7.3}% {bits:>7.3}",
            sums.sqnr_db(),
            sums.mse(),
            sums.max_error(),
            sums.relative_error(),
            sums.cosine(),
            100.0 * sums.saturated_share(),
            100.0 * sums.flushed_share(),
        ),
        None => write!(text, "\n{name:width$}  {:>9} {bits:>68.3}", "as it was"),
    };
}
