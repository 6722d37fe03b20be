namespace Whorl.Kernel;

/// <summary>Kinds of observations that analyses make of others.</summary>
internal static class FindingKinds
{
    public const string Rotated = "fingerprint.rotated";
    public const string SignatureMatched = "signature.matched";

    public static readonly ObservedField[] Common =
    [
        new("source.ip", FieldType.Address, "The address it is about. The subject of the observation."),
        new("evidence", FieldType.Text, "Ids of the observations it rests on, joined by commas."),
    ];

    public static readonly ObservationKind[] All =
    [
        new(Rotated, "A fingerprint of an address and port is another one than before, and was seen to stay so. Told exactly once for each change.",
        [
            new("target.port", FieldType.Number, "The port; absent for what has none."),
            new("probe.name", FieldType.Text, "Which probe saw it: `jarm`, `hassh`, `tcp`, `certificate`, `host_key`."),
            new("rotation.kind", FieldType.Text, "`rotated`, or `returned` for a value that had been seen before."),
            new("rotation.old", FieldType.Text, "The value before."),
            new("rotation.new", FieldType.Text, "The value now."),
            new("rotation.count", FieldType.Number, "Changes of this probe on this port so far, this one included."),
            new("rotation.old_first", FieldType.Text, "When the value before was first seen."),
            new("rotation.old_last", FieldType.Text, "When it was last seen."),
        ]),
        new(SignatureMatched, "A fingerprint is in a list of known ones.",
        [
            new("signature.label", FieldType.Text, "What the list says it is, such as `cobalt-strike`."),
            new("signature.kind", FieldType.Text, "Kind of fingerprint: `jarm`, `ja3`, `ja4`, `hassh`, …"),
            new("signature.value", FieldType.Text, "The fingerprint."),
            new("signature.source", FieldType.Text, "The list."),
            new("target.port", FieldType.Number, "Port it was seen on, where it is a server's."),
        ]),
    ];
}
