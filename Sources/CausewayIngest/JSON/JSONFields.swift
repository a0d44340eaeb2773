/// The names in a file's objects, and the columns that they lead to.
///
/// Each name is a node below the object that it stands in, so that a value's column is found without putting its dotted
/// label together. The nodes are no more than a quick way to the columns, and are dropped when they become too many.
/// Each node remembers which one came after it the last time: objects that are written alike are read without a search.
final class JSONFields {
    /// Bytes of a label. Source: SchemaUpdate.maximumLabel.
    static let maximumLabel = 1_024
    /// Nodes and bytes of names above which all are dropped before the next row.
    private static let maximumNodes = 65_536
    private static let maximumNames = 8 << 20
    /// Readable bytes behind the last name.
    private static let padding = 8

    struct Node {
        var parent: UInt32
        /// The node that followed last, 0 for none.
        var next: UInt32 = 0
        /// -1 until a value stood here.
        var column: Int32 = -1
        /// Where its name lies in `names`, a quote behind it.
        var name: UInt32
        var length: UInt32
        var hash: UInt32
        /// The name is written as it is read, so that bytes of a file can be compared with it.
        var isPlain: Bool
    }

    private(set) var nodes: UnsafeMutablePointer<Node>
    private var nodeCount = 1
    private var nodeCapacity = 64
    private(set) var names: UnsafeMutablePointer<UInt8>
    private var nameCount = 0
    private var nameCapacity = 1_024
    /// Numbers of nodes by hash, 0 for an empty slot; at most half of them are used.
    private var slots: UnsafeMutablePointer<UInt32>
    private var slotCount = 128
    /// So that nobody can choose names whose hashes meet.
    private let seed: UInt64

    /// By first appearance.
    private(set) var labels: [String] = []
    private var columns: [String: Int] = [:]
    private let maximumColumns: Int
    private let key: [String]
    /// The columns of the primary key that are known.
    private(set) var keyColumns: [Int] = []
    var isKeyKnown: Bool { keyColumns.count == key.count }

    init(labels: [String], key: [String], maximumColumns: Int, seed: UInt64) {
        self.key = key
        self.seed = seed
        self.maximumColumns = maximumColumns
        nodes = .allocate(capacity: nodeCapacity)
        nodes.initialize(to: Node(parent: 0, name: 0, length: 0, hash: 0, isPlain: false))
        names = .allocate(capacity: nameCapacity + Self.padding)
        names.initialize(repeating: 0, count: nameCapacity + Self.padding)
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        for label in labels { _ = addColumn(label) }
    }

    deinit {
        nodes.deallocate()
        names.deallocate()
        slots.deallocate()
    }

    // MARK: Nodes

    /// Whether the name of `node`, and a quote, stand at `at`.
    @inline(__always)
    func matches(_ node: UInt32, _ bytes: UnsafeRawPointer, at: Int, readable: Int) -> Bool {
        let length = Int(nodes[Int(node)].length) &+ 1
        guard at &+ length &+ Self.padding <= readable else { return false }
        let name = UnsafeRawPointer(names) + Int(nodes[Int(node)].name)
        var index = 0
        while index &+ 8 <= length {
            let a = name.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let b = bytes.loadUnaligned(fromByteOffset: at &+ index, as: UInt64.self)
            guard a == b else { return false }
            index &+= 8
        }
        let rest = length &- index
        guard rest > 0 else { return true }
        let a = UInt64(littleEndian: name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let b = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at &+ index, as: UInt64.self))
        return (a ^ b) &<< UInt64(truncatingIfNeeded: 64 &- 8 &* rest) == 0
    }

    /// The node with this name below `parent`, made when there is none.
    @inline(never)
    func node(_ name: UnsafeRawBufferPointer, below parent: UInt32) -> UInt32 {
        let hash = hash(name, parent)
        var slot = Int(hash) & (slotCount - 1)
        while slots[slot] != 0 {
            let node = nodes[Int(slots[slot])]
            if node.hash == hash, node.parent == parent, node.length == name.count,
                UnsafeRawBufferPointer(start: names + Int(node.name), count: name.count).elementsEqual(name)
            {
                return slots[slot]
            }
            slot = (slot + 1) & (slotCount - 1)
        }
        return add(name, below: parent, hash)
    }

    private func add(_ name: UnsafeRawBufferPointer, below parent: UInt32, _ hash: UInt32) -> UInt32 {
        if nodeCount == nodeCapacity { growNodes() }
        if nameCount + name.count + 1 > nameCapacity { growNames(for: name.count + 1) }
        let isPlain = name.allSatisfy { $0 >= 0x20 && $0 != JSONByte.quote && $0 != JSONByte.backslash }
        let node = UInt32(nodeCount)
        nodes[nodeCount] = Node(
            parent: parent, name: UInt32(nameCount), length: UInt32(name.count), hash: hash, isPlain: isPlain)
        nodeCount += 1
        for byte in name {
            names[nameCount] = byte
            nameCount += 1
        }
        names[nameCount] = JSONByte.quote
        nameCount += 1
        insert(node, hash)
        return node
    }

    private func insert(_ node: UInt32, _ hash: UInt32) {
        var slot = Int(hash) & (slotCount - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
        slots[slot] = node
    }

    private func growNodes() {
        let grown = UnsafeMutablePointer<Node>.allocate(capacity: nodeCapacity * 2)
        grown.moveInitialize(from: nodes, count: nodeCount)
        nodes.deallocate()
        nodes = grown
        nodeCapacity *= 2
        slots.deallocate()
        slotCount = nodeCapacity * 2
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        for node in 1..<nodeCount { insert(UInt32(node), nodes[node].hash) }
    }

    private func growNames(for count: Int) {
        let capacity = max(nameCapacity * 2, nameCount + count)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + Self.padding)
        grown.moveInitialize(from: names, count: nameCount)
        (grown + nameCount).initialize(repeating: 0, count: capacity + Self.padding - nameCount)
        names.deallocate()
        names = grown
        nameCapacity = capacity
    }

    private func hash(_ name: UnsafeRawBufferPointer, _ parent: UInt32) -> UInt32 {
        var hash = seed ^ UInt64(parent)
        func add(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 ^ (seed | 1))
            hash = product.high ^ product.low
        }
        var index = 0
        while index + 8 <= name.count {
            add(name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest = UInt64(name.count) << 56
        for byte in name[index...] { rest = rest << 8 ^ UInt64(byte) }
        add(rest)
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    /// Drops the nodes when they are too many. Between two rows.
    @inline(__always)
    func bound() {
        if nodeCount > Self.maximumNodes || nameCount > Self.maximumNames { dropNodes() }
    }

    private func dropNodes() {
        nodeCount = 1
        nodes[0].next = 0
        nameCount = 0
        slots.update(repeating: 0, count: slotCount)
    }

    // MARK: Columns

    enum NewColumn {
        case column(Int)
        case tooMany
        case labelTooLong
    }

    /// The column of a node that had none so far.
    @inline(never)
    func column(of node: UInt32) -> NewColumn {
        guard let label = label(of: node) else { return .labelTooLong }
        guard let column = columns[label] ?? addColumn(label) else { return .tooMany }
        nodes[Int(node)].column = Int32(column)
        return .column(column)
    }

    /// The names on the way to a node with dots between them. A control character counts as a blank, and a name without
    /// any character alone is "_".
    private func label(of node: UInt32) -> String? {
        var path: [UInt32] = []
        var at = node
        while at != 0 {
            path.append(at)
            at = nodes[Int(at)].parent
        }
        var bytes: [UInt8] = []
        for (index, node) in path.reversed().enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ".")) }
            let name = UnsafeBufferPointer(
                start: names + Int(nodes[Int(node)].name), count: Int(nodes[Int(node)].length))
            for byte in name { bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
            guard bytes.count <= Self.maximumLabel else { return nil }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    private func addColumn(_ label: String) -> Int? {
        guard labels.count < maximumColumns else { return nil }
        let column = labels.count
        labels.append(label)
        columns[label] = column
        if key.contains(label) { keyColumns.append(column) }
        return column
    }

    /// Makes the primary key's fields columns when nothing is one yet: rows that were all rejected showed none, and
    /// whoever takes the batch looks for the key.
    func addKeyIfEmpty() {
        guard labels.isEmpty else { return }
        for label in key where columns[label] == nil { _ = addColumn(label) }
    }

    /// Forgets the columns from `count` on.
    func truncate(to count: Int) {
        guard labels.count > count else { return }
        for label in labels[count...] { columns[label] = nil }
        labels.removeSubrange(count...)
        keyColumns.removeAll { $0 >= count }
        dropNodes()
    }
}
