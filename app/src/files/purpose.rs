//! Why a path is asked for, and what is said about it.

/// Why a path is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A session, design, space, figure or model.
    Open,
    /// A checkpoint or model shape.
    OpenModel,
    /// A text to measure one design on, or those of the front.
    MeasureText { front: bool },
    /// A text to calibrate the estimator on.
    CalibrateText,
    /// The session.
    Save,
    /// The design alone.
    SaveDesign,
    /// What is explored around it.
    SaveSpace,
    /// All points as CSV.
    ExportCsv,
    /// The front as RON.
    ExportFront,
    /// The shown plot as SVG, PDF, PNG or `TikZ`.
    ExportFigure,
    /// The recipe as JSON for emulators.
    ExportRecipe,
    /// The design as architecture YAML.
    ExportArchitecture,
}

impl Purpose {
    pub fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::OpenModel => "Open model",
            Self::MeasureText { front: false } => "Measure this design on a text",
            Self::MeasureText { front: true } => "Verify the front on a text",
            Self::CalibrateText => "Calibrate the estimator on a text",
            Self::Save => "Save session",
            Self::SaveDesign => "Save design",
            Self::SaveSpace => "Save space",
            Self::ExportCsv => "Export points as CSV",
            Self::ExportFront => "Export front as RON",
            Self::ExportFigure => "Export figure",
            Self::ExportRecipe => "Export recipe",
            Self::ExportArchitecture => "Export architecture",
        }
    }

    pub fn hint(self) -> &'static str {
        match self {
            Self::Open => "A session, design or space (.ron), an exported figure, or a model",
            Self::OpenModel => "A checkpoint (.gguf, .safetensors, .bin) or a config.json",
            Self::MeasureText { .. } => "A UTF-8 text (.txt, .raw); its first windows are used",
            Self::CalibrateText => {
                "A UTF-8 text (.txt, .raw); the runs are kept beside the model and not made twice"
            }
            Self::Save | Self::SaveDesign | Self::SaveSpace | Self::ExportFront => {
                "A file ending in .ron"
            }
            Self::ExportCsv => "A file ending in .csv",
            Self::ExportFigure => "A file ending in .svg, .pdf, .png or .tex",
            Self::ExportRecipe => "A file ending in .json for emulators, or in .txt for llama.cpp",
            Self::ExportArchitecture => {
                "A file ending in .yaml for ZigZag, or in .timeloop.yaml for Timeloop"
            }
        }
    }

    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[
                "ron",
                "svg",
                "pdf",
                "png",
                "gguf",
                "safetensors",
                "bin",
                "json",
            ],
            Self::OpenModel => &["gguf", "safetensors", "bin", "json"],
            Self::MeasureText { .. } | Self::CalibrateText => &["txt", "raw", "md"],
            Self::Save | Self::SaveDesign | Self::SaveSpace | Self::ExportFront => &["ron"],
            Self::ExportCsv => &["csv"],
            Self::ExportFigure => &["svg", "pdf", "png", "tex"],
            Self::ExportRecipe => &["json", "txt"],
            Self::ExportArchitecture => &["yaml"],
        }
    }

    /// What the button says that confirms a path.
    pub fn verb(self) -> &'static str {
        match self {
            Self::MeasureText { .. } => "Measure",
            Self::CalibrateText => "Calibrate",
            _ if self.saves() => "Save",
            _ => "Open",
        }
    }

    pub fn saves(self) -> bool {
        !matches!(
            self,
            Self::Open | Self::OpenModel | Self::MeasureText { .. } | Self::CalibrateText
        )
    }
}
