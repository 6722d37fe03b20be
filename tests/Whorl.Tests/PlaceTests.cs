namespace Whorl.Tests;

public sealed class PlaceTests
{
    [Fact]
    public void The_suite_runs() => typeof(PlaceTests).Assembly.GetName().Name.ShouldBe("Whorl.Tests");
}
