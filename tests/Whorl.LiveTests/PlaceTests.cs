namespace Whorl.LiveTests;

public sealed class PlaceTests
{
    [Fact]
    public void The_suite_runs() => typeof(PlaceTests).Assembly.GetName().Name.ShouldBe("Whorl.LiveTests");
}
