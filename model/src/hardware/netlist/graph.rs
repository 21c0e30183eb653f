//! A netlist: words, operators between them, registers and ports.

use super::{Node, NodeId, Operator};

/// A port: equal words side by side, the first one lowest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Bits of a word.
    pub width: u32,
    /// Its words.
    pub words: Vec<NodeId>,
}

impl Port {
    /// Bits of the whole port.
    pub fn bits(&self) -> u32 {
        self.width * u32::try_from(self.words.len()).unwrap_or(u32::MAX / self.width.max(1))
    }
}

/// A circuit with one clock: nodes in an order in which only registers look ahead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Netlist {
    pub(super) nodes: Vec<Node>,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) parts: Vec<&'static str>,
}

impl Netlist {
    /// All nodes; operands stand before what uses them, except what registers hold.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Ports that words come in by.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// Ports that words leave by.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Names of the parts that nodes belong to.
    pub fn parts(&self) -> &[&'static str] {
        &self.parts
    }

    /// Registers, in order.
    pub fn registers(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.ids()
            .zip(&self.nodes)
            .filter(|(_, node)| node.operator == Operator::Register)
    }

    /// Every node's position.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }
}
