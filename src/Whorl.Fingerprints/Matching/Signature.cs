namespace Whorl.Fingerprints.Matching;

/// <summary>A known fingerprint: who has it, and who says so.</summary>
/// <param name="Kind">The method.</param>
/// <param name="Value">The fingerprint as <see cref="FingerprintValue.TryNormalize"/> writes it; of a prefix, the part before the star.</param>
/// <param name="Label">What has this fingerprint, such as <c>Trickbot</c>.</param>
/// <param name="Source">The list it came from.</param>
/// <param name="IsPrefix">True where every fingerprint that begins with the value matches.</param>
public sealed record Signature(FingerprintKind Kind, string Value, string Label, string Source, bool IsPrefix = false);
