namespace Whorl.Kernel;

/// <summary>An ATT&amp;CK technique attached to a subject, with what it rests on.</summary>
/// <param name="Technique">Technique or sub-technique id, such as <c>T1595.002</c>.</param>
/// <param name="Subject">Who did it.</param>
/// <param name="Confidence">0 to 1.</param>
/// <param name="Rule">Id of the rule that says so.</param>
/// <param name="Evidence">The observations it rests on.</param>
internal sealed record Tag(string Technique, Subject Subject, double Confidence, string Rule, IReadOnlyList<ObservationId> Evidence);
