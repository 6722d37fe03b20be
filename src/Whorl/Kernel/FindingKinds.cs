namespace Whorl.Kernel;

/// <summary>Kinds of observations that analyses make of others.</summary>
internal static class FindingKinds
{
    public const string Rotated = "fingerprint.rotated";
    public const string SignatureMatched = "signature.matched";

    public const string CampaignChanged = "campaign.changed";

    public static readonly ObservedField[] Common =
    [
        new("evidence", FieldType.Text, "Ids of the observations it rests on, joined by commas."),
    ];

    private static readonly ObservedField[] OfAddress = [new("source.ip", FieldType.Address, "The address it is about. The subject of the observation.")];

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
        ], OfAddress),
        new(SignatureMatched, "A fingerprint is in a list of known ones.",
        [
            new("signature.label", FieldType.Text, "What the list says it is, such as `cobalt-strike`."),
            new("signature.kind", FieldType.Text, "Kind of fingerprint: `jarm`, `ja3`, `ja4`, `hassh`, …"),
            new("signature.value", FieldType.Text, "The fingerprint."),
            new("signature.source", FieldType.Text, "The list."),
            new("target.port", FieldType.Number, "Port it was seen on, where it is a server's."),
        ], OfAddress),
        new(CampaignChanged, "Sites that belong together became a campaign, joined one, or two campaigns turned out to be one. The subject is the campaign. Told exactly once for each change.",
        [
            new("campaign.id", FieldType.Text, "The campaign; it keeps its id whoever joins or leaves."),
            new("campaign.what", FieldType.Text, "`new`, `grown` or `merged`."),
            new("campaign.label", FieldType.Text, "Title or host of its oldest site."),
            new("campaign.sites", FieldType.Number, "How many sites it has now."),
            new("campaign.joined", FieldType.Text, "Hosts that joined by it, joined by commas; the first 50."),
            new("campaign.other", FieldType.Text, "The campaign that became part of it, or that it was part of before."),
        ]),
    ];
}
