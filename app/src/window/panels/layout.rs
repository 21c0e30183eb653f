//! The tiles in the middle of the window: which there are, how they are first arranged, how they are drawn around.
//!
//! What stands inside a tile is another file's matter.

use egui::{Color32, Stroke, Ui, Visuals, WidgetText};
use egui_tiles::{
    Container, Linear, LinearDir, TabState, Tabs, Tile, TileId, Tiles, Tree, UiResponse,
};

use crate::figure::FigurePlot;
use crate::files::pane::Pane;
use crate::window::theme::theme;
use crate::window::widgets::name_ui;

impl Pane {
    pub const ALL: [Self; 13] = [
        Self::Pareto,
        Self::Roofline,
        Self::Layers,
        Self::Sensitivity,
        Self::Coordinates,
        Self::Formats,
        Self::Table,
        Self::Compare,
        Self::Breakdown,
        Self::BitLayout,
        Self::Tensors,
        Self::Checkpoint,
        Self::Element,
    ];

    /// Title of its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Table => "Table",
            Self::Formats => "Formats",
            Self::Compare => "Compare",
            Self::Checkpoint => "Model weights",
            Self::Element => "Element",
            plot => plot.figure().map_or("Plot", FigurePlot::title),
        }
    }

    /// The figure of the same plot, for tiles that are plots.
    pub fn figure(self) -> Option<FigurePlot> {
        match self {
            Self::Pareto => Some(FigurePlot::Pareto),
            Self::Breakdown => Some(FigurePlot::Breakdown),
            Self::Roofline => Some(FigurePlot::Roofline),
            Self::Layers => Some(FigurePlot::Layers),
            Self::Sensitivity => Some(FigurePlot::Sensitivity),
            Self::Coordinates => Some(FigurePlot::Coordinates),
            Self::BitLayout => Some(FigurePlot::Formats),
            Self::Tensors => Some(FigurePlot::Tensor),
            Self::Table | Self::Formats | Self::Compare | Self::Checkpoint | Self::Element => None,
        }
    }

    /// What it shows, for the hover of its tab.
    pub fn help(self) -> &'static str {
        match self {
            Self::Pareto => {
                "Every explored design against two objectives, the front, published systems and the current design"
            }
            Self::Breakdown => "Where area, energy and time of the current design go",
            Self::Roofline => {
                "Each matrix product against the compute and memory limits of the current design"
            }
            Self::Layers => "Bits or error of each layer and site of the current design",
            Self::Sensitivity => "What one step of each parameter does to an objective",
            Self::Coordinates => {
                "All parameters and objectives of the explored designs as parallel axes"
            }
            Self::BitLayout => "Sign, mantissa and shared exponent of a format, drawn to scale",
            Self::Tensors => {
                "Histogram and channel magnitudes of a tensor before and after quantization"
            }
            Self::Table => {
                "Designs of the front as rows; a click selects one, a double click loads it"
            }
            Self::Formats => "Format of each layer and site; select cells and paint",
            Self::Compare => {
                "Two designs side by side: figures with their changes, settings and formats that differ"
            }
            Self::Checkpoint => {
                "Weight error of the opened model under the current formats, tensor by tensor"
            }
            Self::Element => {
                "Parts of the processing element with their shares, and the cost of one unit by itself"
            }
        }
    }
}

/// The arrangement of a first run: the plots above, what explains the current design below.
pub fn default_tree() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let above = [
        Pane::Pareto,
        Pane::Roofline,
        Pane::Layers,
        Pane::Sensitivity,
        Pane::Coordinates,
        Pane::Formats,
    ];
    let below = [
        Pane::Table,
        Pane::Compare,
        Pane::Breakdown,
        Pane::Element,
        Pane::BitLayout,
        Pane::Tensors,
        Pane::Checkpoint,
    ];
    let above: Vec<TileId> = above
        .into_iter()
        .map(|pane| tiles.insert_pane(pane))
        .collect();
    let below: Vec<TileId> = below
        .into_iter()
        .map(|pane| tiles.insert_pane(pane))
        .collect();
    let above = tiles.insert_tab_tile(above);
    let below = tiles.insert_tab_tile(below);
    let halves = Linear::new_binary(LinearDir::Vertical, [above, below], 0.68);
    let root = tiles.insert_container(Container::Linear(halves));
    Tree::new(egui::Id::unique("tiles"), root, tiles)
}

/// Adds what a tree of an older version lacks and keeps its arrangement.
pub fn completed(mut tree: Tree<Pane>) -> Tree<Pane> {
    for pane in Pane::ALL {
        if tree.tiles.find_pane(&pane).is_none() {
            let tile = tree.tiles.insert_pane(pane);
            let into = tree.tiles.iter().find_map(|(id, tile)| {
                matches!(tile, Tile::Container(Container::Tabs(_))).then_some(*id)
            });
            let Some(Tile::Container(container)) = into.and_then(|id| tree.tiles.get_mut(id))
            else {
                return default_tree();
            };
            container.add_child(tile);
        }
    }
    if tree.root().is_none() {
        default_tree()
    } else {
        tree
    }
}

/// Brings a pane to the front of its tabs.
pub fn reveal(tree: &mut Tree<Pane>, pane: Pane) {
    if let Some(tile) = tree.tiles.find_pane(&pane) {
        tree.tiles.set_visible(tile, true);
    }
    tree.make_active(|_, tile| *tile == Tile::Pane(pane));
}

/// Draws the frame around tiles; what is inside comes from `draw`.
#[expect(missing_debug_implementations, reason = "a closure of one frame")]
pub struct TileFrame<'a> {
    pub draw: &'a mut dyn FnMut(&mut Ui, Pane),
    /// The plot whose export was asked for in this frame.
    pub export: Option<FigurePlot>,
}

impl egui_tiles::Behavior<Pane> for TileFrame<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        let frame = egui::Frame::new().inner_margin(theme().layout.grid);
        frame.show(ui, |ui| {
            ui.push_id(*pane, |ui| (self.draw)(ui, *pane));
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        pane.title().into()
    }

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<Pane>,
        tile: TileId,
        response: egui::Response,
    ) -> egui::Response {
        match tiles.get_pane(&tile) {
            Some(pane) => response.on_hover_text(pane.help()),
            None => response,
        }
    }

    fn top_bar_right_ui(
        &mut self,
        tiles: &Tiles<Pane>,
        ui: &mut Ui,
        _tile: TileId,
        tabs: &Tabs,
        _scroll: &mut f32,
    ) {
        let pane = tabs.active.and_then(|tile| tiles.get_pane(&tile));
        let Some((pane, plot)) = pane.and_then(|pane| Some((pane, pane.figure()?))) else {
            return;
        };
        let name = format!("Export {} as a figure", pane.title());
        let button = ui
            .add(egui::Button::new("Figure…").small())
            .on_hover_text(&name);
        name_ui(ui, &button, &name);
        if button.clicked() {
            self.export = Some(plot);
        }
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        theme().layout.row_height + theme().layout.grid
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        theme().layout.grid
    }

    fn min_size(&self) -> f32 {
        120.0
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Pane>, _tile: TileId) -> bool {
        false
    }

    fn simplification_options(&self) -> egui_tiles::SimplificationOptions {
        egui_tiles::SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..Default::default()
        }
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        visuals.code_bg_color
    }

    fn tab_bg_color(
        &self,
        visuals: &Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        state: &TabState,
    ) -> Color32 {
        if state.active {
            visuals.panel_fill
        } else {
            Color32::TRANSPARENT
        }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_text_color(
        &self,
        visuals: &Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        state: &TabState,
    ) -> Color32 {
        if state.active {
            visuals.strong_text_color()
        } else {
            visuals.weak_text_color()
        }
    }

    fn is_tab_bar_visible(&self, _tile: TileId, _tabs: &Tabs) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_layout_gains_the_panes_it_lacks() {
        let mut tiles = Tiles::default();
        let pane = tiles.insert_pane(Pane::Pareto);
        let root = tiles.insert_tab_tile(vec![pane]);
        let tree = completed(Tree::new(egui::Id::unique("tiles"), root, tiles));
        assert!(
            Pane::ALL
                .iter()
                .all(|pane| tree.tiles.find_pane(pane).is_some())
        );
        assert_eq!(tree.root(), Some(root));
    }

    #[test]
    fn a_layout_survives_ron() {
        let text = ron::to_string(&default_tree()).unwrap();
        let read: Tree<Pane> = ron::from_str(&text).unwrap();
        assert_eq!(read, default_tree());
    }
}
