namespace Whorl.LiveTests.Foundation;

/// <summary>Tests that flood what they test, or measure it meanwhile, run while no other does: each would starve the other.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
